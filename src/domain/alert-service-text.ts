/**
 * The words of the alerts that count over time and are about one service.
 */
import type { CountPolicy, WindowPolicy } from './alert-policy.ts';
import { type AlertWords, ROLE_DOES, troubleText } from './alert-text.ts';
import { counted, spanText } from './text.ts';
import type { Role } from './words.ts';

export interface SlowFigures {
  readonly service: string;
  readonly role: Role;
  readonly meanMs: number;
  readonly requests: number;
  readonly policy: WindowPolicy;
  readonly isOver?: boolean | undefined;
}

export function slowWords(figures: SlowFigures): AlertWords {
  const { service, role, meanMs, requests, policy, isOver } = figures;
  const name = `${service}, which ${ROLE_DOES[role]}`;
  const took = `Its last ${counted(requests, 'answer')}, within ${spanText(policy.windowMs)}, took`;
  if (isOver === true) {
    return {
      title: `${name}, is quick enough again`,
      what: `${took} ${spanText(meanMs)} on average.`,
      doing: 'The work goes on.',
      toDo: 'Nothing.',
    };
  }
  return {
    title: `${name}, is slow`,
    what:
      `${took} ${spanText(meanMs)} on average; more than ${spanText(policy.threshold)} is ` +
      'slow.',
    doing:
      'Calls go on, fewer in the same time: each line waits for the answers. What takes longer ' +
      'than timeouts.request counts as failed and is tried again.',
    toDo:
      `See the status page of ${service} and the load of this machine. More campaign.lines make ` +
      'up for it, as far as the account allows; or put another service first for this work.',
  };
}

export interface FallbackFigures {
  readonly service: string;
  readonly role: Role;
  readonly standIn?: string | undefined;
  /** What it fails with, in words. */
  readonly reason?: string | undefined;
  readonly code?: string | undefined;
  readonly lastsMs?: number | undefined;
  readonly isOver?: boolean | undefined;
}

export function fallbackWords(figures: FallbackFigures): AlertWords {
  const { service, role, standIn = '', reason = '', code = '', lastsMs = 0, isOver } = figures;
  const name = `${service}, which ${ROLE_DOES[role]}`;
  if (isOver === true) {
    return {
      title: `${name}, does it itself again`,
      what: `${service} did what it was asked for.`,
      doing: 'It is the first choice again.',
      toDo: 'Nothing.',
    };
  }
  return {
    title: `${name}, has been replaced by ${standIn} for more than ${spanText(lastsMs)}`,
    what:
      `In that time ${service} did not once do the work itself, and yet it is not down: its ` +
      `breaker is closed. The last time: ${troubleText({ code, message: reason })}`,
    doing: `Calls go on: ${standIn} does the work, and ${service} is asked first each time.`,
    toDo:
      `"campaign logs --level warn" says what ${service} answers. Mend it, or change the order ` +
      `in services.${role} if ${standIn} is to stay.`,
  };
}

/** Of one that turns out to be down, or to fail its health checks. */
export function fallbackCausedWords(service: string, role: Role): AlertWords {
  return {
    title: `${service}, which ${ROLE_DOES[role]}, has an alert of its own now`,
    what: 'Another service did its work before it was known what is the matter with it.',
    doing: 'What follows from it, also what was told here, is counted there.',
    toDo: `See the alert of ${service}: it is not over with this message.`,
  };
}

export interface ReconnectionFigures {
  readonly service: string;
  readonly address: string;
  readonly times: number;
  readonly policy: CountPolicy;
  /** Why it was lost the last time. */
  readonly reason?: string | undefined;
}

export function reconnectionWords(figures: ReconnectionFigures): AlertWords {
  const { service, address, times, policy, reason } = figures;
  const last = reason === undefined ? '' : ` The last time: ${reason}.`;
  return {
    title: `${service} loses its connection to ${address} again and again`,
    what:
      `It had to be made again ${counted(times, 'time')} within ${spanText(policy.windowMs)}; ` +
      `more than ${policy.timesMax} is too often.${last}`,
    doing:
      'It is made again each time. Calls in progress are asked about, and nobody is rung twice; ' +
      'while it is away nobody is rung.',
    toDo:
      'See whether Asterisk restarts ("core show uptime") and whether something between this ' +
      'machine and it cuts connections: a firewall, a VPN, wireless.',
  };
}

export function reconnectionsOverWords(service: string, windowMs: number): AlertWords {
  return {
    title: `${service} keeps its connection again`,
    what: `It has not been lost for ${spanText(windowMs)}.`,
    doing: 'The work goes on.',
    toDo: 'Nothing.',
  };
}

/** Of a service that config.yml does not name any more. */
export function unusedWords(service: string, campaign: string): AlertWords {
  return {
    title: `${service} is not in use any more`,
    what: 'config.yml does not name it now: nobody asks it.',
    doing: `The work of ${campaign} goes on without it.`,
    toDo: 'Nothing.',
  };
}

/** Of one that was slow, or that another stood in for, as long as there was work. */
export function noMoreWorkWords(service: string, campaign: string): AlertWords {
  return {
    title: `${campaign} is done: no more work for ${service}`,
    what: 'The list has come to its end, and it was no better until then.',
    doing: 'If a later campaign meets the same, that is told anew.',
    toDo: `Before the next campaign, see what is the matter with ${service}.`,
  };
}
