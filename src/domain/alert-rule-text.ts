/**
 * The words of the alerts that count over time.
 */
import type { DiskPolicy } from './alert-policy.ts';
import { type AlertWords, type ServiceTrouble, saidText, troubleText } from './alert-text.ts';
import type { EventOf } from './event.ts';
import { counted, spanText } from './text.ts';

/** How many of how many calls were bad, and what the limit was. */
export interface ShareFigures {
  readonly campaign: string;
  readonly bad: number;
  readonly calls: number;
  readonly threshold: number;
  readonly windowMs: number;
  readonly last: Pick<ServiceTrouble, 'code' | 'message'> | undefined;
  /** Of the bad ones, how many the dialer itself calls failed: these are not tried again. */
  readonly final: number;
  /** And how many a service refused once and for all, for what is in them. */
  readonly refused: number;
  /** The campaign has come to its end. */
  readonly isDone?: boolean | undefined;
  /** And until then it was beyond the limit. */
  readonly isBad?: boolean | undefined;
}

const TRIED_AGAIN =
  'Calls go on: who fails is put off, tried again later, and given up only after three times. ';

const FINAL =
  'Whose call the dialer itself calls failed is not called again: their telephone may have rung. ';

const REFUSED =
  'Whose call a service refuses for what is in it has the outcome "failed" and is not tried ' +
  'again. ';

const NOT_COUNTED =
  'What fails because a service is down is not counted here: that has its own alert.';

const SEE_WHY =
  '"campaign logs --level warn" says what fails, and why. If it is the list, the text or an ' +
  'account, stop the run (Ctrl-C lets calls in progress end), mend it, and run it again: it goes ' +
  'on where it stopped.';

const PUT_BACK = ' "campaign settle NAME CONTACT again" calls one of the refused once more.';

export function errorRateWords(figures: ShareFigures): AlertWords {
  const { campaign, bad, calls, threshold } = figures;
  return {
    title: `${percent(bad / calls)} of the calls of ${campaign} fail`,
    what:
      `Of the last ${counted(calls, 'call')}, within ${spanText(figures.windowMs)}, ` +
      `${failedText(figures)}; more than ${percent(threshold)} is too many.${lastText(figures)}`,
    doing: `${doingText(figures)}${NOT_COUNTED}`,
    toDo: `${SEE_WHY}${figures.refused > 0 ? PUT_BACK : ''}`,
  };
}

function failedText({ bad, final, refused }: ShareFigures): string {
  if (final + refused === 0) return `${bad} failed after all retries`;
  if (final === bad) return `${bad} failed, as the dialer says of them`;
  if (refused === bad) return `${bad} were refused for what is in them`;
  const parts = [
    ...(final > 0 ? [`${final} of them as the dialer says`] : []),
    ...(refused > 0 ? [`${refused} of them refused for what is in them`] : []),
    ...(final + refused < bad ? ['the others after all retries'] : []),
  ];
  return `${bad} failed, ${parts.join(', ')}`;
}

function doingText({ bad, final, refused }: ShareFigures): string {
  if (final + refused === 0) return TRIED_AGAIN;
  const rest = 'Who failed for another reason is put off and tried again, three times in all. ';
  return [
    'Calls go on. ',
    final > 0 ? FINAL : '',
    refused > 0 ? REFUSED : '',
    final + refused < bad ? rest : '',
  ].join('');
}

export function llmFailureWords(figures: ShareFigures): AlertWords {
  const { campaign, bad, calls, threshold } = figures;
  return {
    title: `${percent(bad / calls)} of the texts of ${campaign} cannot be written`,
    what:
      `Of the last ${counted(calls, 'text')}, within ${spanText(figures.windowMs)}, ${bad} could ` +
      'not be had from any service that writes, or could not be used; more than ' +
      `${percent(threshold)} is too many.${lastText(figures)}`,
    doing: `${doingText(figures)}${NOT_COUNTED} Nobody is rung without a text.`,
    toDo:
      '"campaign logs --level warn" says what the model answered. Look at script.prompt, ' +
      'script.max_characters and the model in config.yml; template as the last of services.llm ' +
      'writes a text whatever happens.',
  };
}

export function successRateWords(figures: ShareFigures): AlertWords {
  const { campaign, bad, calls, threshold } = figures;
  return {
    title: `Only ${percent(1 - bad / calls)} of the calls of ${campaign} reach a telephone`,
    what:
      `Of the last ${counted(calls, 'call')} that ended, within ${spanText(figures.windowMs)}, ` +
      `${bad} failed, went to a number that does not exist, or ended so that nobody can tell; at ` +
      `least ${percent(threshold)} should be answered, taken by a machine, busy or not answered.` +
      lastText(figures),
    doing: 'Calls go on. Nobody is rung twice, and who is uncertain is not rung again.',
    toDo:
      '"campaign report" says how calls end. Many invalid numbers: look at the list and ' +
      'campaign.default_country. Many uncertain ones: look at the dialer. Many failed ones: ' +
      '"campaign logs --level warn" says why.',
  };
}

export function cutCallsWords(figures: ShareFigures): AlertWords {
  const { campaign, bad, calls, threshold } = figures;
  return {
    title: `${percent(bad / calls)} of the calls of ${campaign} are cut by the time limit`,
    what:
      `Of the last ${counted(calls, 'call')}, within ${spanText(figures.windowMs)}, ${bad} had ` +
      'not ended, or nothing was heard of their end, when timeouts.call was over; more than ' +
      `${percent(threshold)} is too many.`,
    doing:
      'Each was hung up, its line is free again, and its contact is uncertain, and not rung ' +
      'again: the next run asks the dialer once more how the call ended. Of whom it cannot tell, ' +
      '"campaign settle" says what became.',
    toDo:
      'See at the dialer whether these calls really lasted so long. If so, raise timeouts.call ' +
      'or shorten the text; if not, the dialer does not tell of their end: see its status page, ' +
      'and whether this machine reaches it.',
  };
}

export interface FailedCallsFigures {
  readonly campaign: string;
  readonly service: string;
  readonly calls: number;
  readonly windowMs: number;
  readonly last: Pick<ServiceTrouble, 'code' | 'message'>;
}

export function failedCallsWords(figures: FailedCallsFigures): AlertWords {
  const { campaign, service, calls, windowMs, last } = figures;
  const who = calls === 1 ? 'A call' : counted(calls, 'call');
  const within = calls === 1 ? '' : `, within ${spanText(windowMs)}`;
  return {
    title: `${who} of ${campaign} failed for good, because of ${service}`,
    what:
      `${service} failed at it in one round of retries after the other, while others went ` +
      `through${within}. The last time: ${saidText(last)}.`,
    doing:
      'Whoever it was about has the outcome "failed" and is not tried again. Calls go on. More ' +
      'of them are counted here, and told only when it is over.',
    toDo:
      '"campaign report" says who they are, "campaign logs --level warn" what was answered. Mend ' +
      'the row, the text or the account; "campaign settle NAME CONTACT again" calls one of them ' +
      'once more.',
  };
}

/** @param because a while without one, an outage of the service, or the end of the list */
export function failedCallsOverWords(
  campaign: string,
  because:
    | { readonly windowMs: number }
    | { readonly outage: OutageBegins }
    | { readonly service: string; readonly isDone: true },
): AlertWords {
  const words = { doing: 'The work goes on.', toDo: '"campaign report" says who was not called.' };
  if ('windowMs' in because) {
    const title = `No more calls of ${campaign} fail for good`;
    const what = `None has for ${spanText(because.windowMs)}, and others ended.`;
    return { ...words, title, what };
  }
  if ('outage' in because) return causedWords('calls that failed', because.outage, '');
  return {
    ...words,
    title: `${campaign} is done: calls have failed for good, because of ${because.service}`,
    what: 'The list has come to its end.',
    doing: 'Nothing is left to do.',
    isMoot: true,
  };
}

type RateName = 'errorRate' | 'llmFailureRate' | 'successRate' | 'cutCalls';

const BACK: Readonly<Record<RateName, (campaign: string) => string>> = {
  errorRate: (campaign) => `The calls of ${campaign} go through again`,
  llmFailureRate: (campaign) => `The texts of ${campaign} can be written again`,
  successRate: (campaign) => `The calls of ${campaign} reach telephones again`,
  cutCalls: (campaign) => `The calls of ${campaign} end by themselves again`,
};

/** What is counted, and what went wrong with it. */
const BAD: Readonly<Record<RateName, readonly [noun: string, verb: string]>> = {
  errorRate: ['call', 'failed'],
  llmFailureRate: ['text', 'could not be written'],
  successRate: ['call', 'reached nobody'],
  cutCalls: ['call', 'were cut by the time limit'],
};

const DONE: Readonly<Record<RateName, string>> = {
  errorRate: 'calls that failed',
  llmFailureRate: 'texts that could not be written',
  successRate: 'calls that reached nobody',
  cutCalls: 'calls that were cut',
};

const SEE_END = '"campaign report" says how everybody ended.';

export function rateBackWords(name: RateName, figures: ShareFigures): AlertWords {
  const { campaign, bad, calls, windowMs, isDone } = figures;
  const [noun, verb] = BAD[name];
  const last = counted(calls, noun);
  const isOf = calls === 0 ? '' : ` Of the last ${last} it was ${bad}`;
  const within = calls === 0 ? '' : `, within ${spanText(windowMs)}.`;
  if (isDone === true && figures.isBad === true) {
    return {
      title: `${campaign} is done: of its last ${last} ${bad} ${verb}`,
      what: 'The list has come to its end, and that had not become better.',
      doing: 'Nothing is left to do.',
      toDo: SEE_END,
      isMoot: true,
    };
  }
  const how = isDone === true ? 'The list has come to its end.' : 'It is well again.';
  return {
    title: isDone === true ? `${campaign} is done: no more ${DONE[name]}` : BACK[name](campaign),
    what: `${how}${isOf}${within}`,
    doing: isDone === true ? 'Nothing is left to do.' : 'The work goes on.',
    toDo: isDone === true ? SEE_END : 'Nothing.',
  };
}

/** Of a share whose cause has become known, and has its own alert. */
export function rateCausedWords(name: RateName, outage: OutageBegins): AlertWords {
  return causedWords(DONE[name], outage, ' Without what it failed at, there are not too many.');
}

/** How it is told that a service has its own alert from now on. */
export type OutageBegins = EventOf<'breaker.opened' | 'service.stalled'>;

function causedWords(bad: string, outage: OutageBegins, rest: string): AlertWords {
  const { service, type } = outage;
  const isFull = type === 'service.stalled';
  const does = isFull ? 'It takes no requests' : 'It does not work, and is left alone';
  return {
    title: `${service} is the cause of the ${bad}: it has an alert of its own`,
    what: `${does}: ${troubleText(outage)}${rest}`,
    doing: `What follows from it, also what was told here, is counted there.`,
    toDo: `See the alert of ${service}: it is not over with this message.`,
  };
}

// ---------------------------------------------------------------------------- host

export function memoryWords(campaign: string, share: number, limitText: string): AlertWords {
  return {
    title: `The run of ${campaign} needs ${percent(share)} of the memory it may have`,
    what: `The limit is ${limitText}. Beyond it the process is ended.`,
    doing:
      'Calls go on. If the process is ended, nothing that was done is lost: the next run goes on ' +
      'where it stopped, and asks about calls in progress before anybody is rung.',
    toDo:
      'Stop the run (Ctrl-C lets calls in progress end) and start it again with fewer ' +
      'campaign.lines or with a higher limit; see what else runs on this machine.',
  };
}

export function memoryBackWords(campaign: string, share: number): AlertWords {
  return {
    title: `The run of ${campaign} has memory enough again`,
    what: `It needs ${percent(share)} of what it may have.`,
    doing: 'The work goes on.',
    toDo: 'Nothing.',
  };
}

export function cpuWords(share: number, lastsMs: number): AlertWords {
  return {
    title: 'The processors of this machine are busy',
    what: `For ${spanText(lastsMs)} they have been at work for ${percent(share)} of the time.`,
    doing:
      'Calls go on, more slowly where this machine itself speaks the texts (flite, espeak-ng).',
    toDo:
      'See what runs on it ("top"). If it is this program: fewer campaign.lines, ' +
      'providers.flite.workers, or a voice that is spoken elsewhere.',
  };
}

export function cpuBackWords(share: number): AlertWords {
  return {
    title: 'The processors of this machine have time again',
    what: `They are at work for ${percent(share)} of the time.`,
    doing: 'The work goes on.',
    toDo: 'Nothing.',
  };
}

export interface DiskFacts {
  readonly name: string;
  readonly path: string;
  readonly freeBytes: number;
}

export function diskWords({ name, path, freeBytes }: DiskFacts, policy: DiskPolicy): AlertWords {
  return {
    title: `The disk of the ${name} is nearly full: ${sizeText(freeBytes)} left`,
    what: `${path} is on it; less than ${sizeText(policy.freeBytesMin)} is too little.`,
    doing:
      'Calls go on until nothing can be written any more. Then dialling stops at once, because a ' +
      'call that is not written down could be made twice.',
    toDo:
      'Make room: audio of campaigns that are done (data/audio, out/<campaign>), old logs. A ' +
      'text that is spoken takes 16 KB a second.',
  };
}

export function diskBackWords({ name, path, freeBytes }: DiskFacts): AlertWords {
  return {
    title: `The disk of the ${name} has room again`,
    what: `${sizeText(freeBytes)} are left where ${path} is.`,
    doing: 'The work goes on.',
    toDo: 'Nothing.',
  };
}

// ---------------------------------------------------------------------------- words

function lastText({ last }: ShareFigures): string {
  return last === undefined ? '' : ` The last one: ${saidText(last)}.`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** `512 MB`, `1.5 GB`. */
export function sizeText(bytes: number): string {
  const [amount, unit] = bytes < 1e9 ? [bytes / 1e6, 'MB'] : [bytes / 1e9, 'GB'];
  return `${Math.round(amount * 10) / 10} ${unit}`;
}
