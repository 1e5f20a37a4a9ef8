/**
 * The words of alerts. They are read by somebody who was woken at three in the morning: what
 * broke, since when, what the program does about it, what there is to do.
 */
import type { Alert } from './alert.ts';
import type { FailureKind } from './failure.ts';
import { maskNumbers } from './privacy.ts';
import { counted, spanText } from './text.ts';
import type { Role } from './words.ts';

/** A part of an alert that is made anew when its cause changes. */
export type AlertWords = Pick<Alert, 'title' | 'what' | 'doing' | 'toDo'>;

/** A service's failure, as far as the words need it. */
export interface ServiceTrouble {
  readonly service: string;
  readonly role: Role;
  readonly kind: FailureKind;
  readonly code: string;
  readonly message: string;
  /** From now until the service is tried again. */
  readonly openMs: number;
}

const ROLE_DOES: Readonly<Record<Role, string>> = {
  llm: 'writes the texts',
  tts: 'speaks the texts',
  dialer: 'makes the calls',
  crm: 'keeps the records',
};

const CONTACTS_WAIT =
  'Contacts who need it wait in the queue, unless config.yml names another service for the ' +
  'same work. Nobody is lost, and no call is used up.';

const RECORDS_WAIT =
  'Calls go on. What became of them is on disk here, and is noted there as soon as it works ' +
  'again. Only contacts whose text needs what it knows of them wait in the queue.';

/** Vendors answer with whole web pages; their first words tell what there is to tell. */
const MESSAGE_CHARACTERS_MAX = 300;

export function serviceDownWords(trouble: ServiceTrouble): AlertWords {
  const { service, role, kind, code, message, openMs } = trouble;
  const name = `${service}, which ${ROLE_DOES[role]},`;
  const what = sentence(failureText(code, message));
  const rest = role === 'crm' ? RECORDS_WAIT : CONTACTS_WAIT;
  // Only what concerns every call opens a breaker, so a permanent failure is one of the account.
  if (kind === 'permanent') {
    return {
      title: `${name} refuses to work for us`,
      what,
      doing:
        `${service} is left alone, and asked again in ${spanText(openMs)} and then less and less ` +
        `often, in case somebody mends it. ${rest}`,
      toDo:
        'This rarely passes by itself. See whether its key or password is right and still valid, ' +
        'whether credit and quota are left, and whether the program may write where it has to. ' +
        'A run that is on learns of a new key only when it is started again.',
    };
  }
  return {
    title: `${name} does not work`,
    what,
    doing:
      `${service} is left alone, and tried again in ${spanText(openMs)} and then less and less ` +
      `often. ${rest}`,
    toDo:
      'Nothing, if it comes back by itself: one more message says so. If it lasts, see whether ' +
      `others have trouble with ${service} too, whether this machine reaches it, or name another ` +
      'service for the same work in config.yml.',
  };
}

export function serviceBackWords(
  { service, role, what }: { readonly service: string; readonly role: Role; readonly what: string },
  durationMs: number,
): AlertWords {
  return {
    title: `${service}, which ${ROLE_DOES[role]}, works again`,
    what: `It was away for ${spanText(durationMs)}. Last heard of it: ${what}`,
    doing: 'The work goes on; those who had to wait come next.',
    toDo: 'Nothing.',
  };
}

/** What a run that gave up adds to the alert of the service that it gave up for. */
export function endedMeanwhile(campaign: string): string {
  return (
    `The run of ${campaign} has ended, because nothing got through any more. Nobody is called ` +
    'until it is run again; then it goes on where it stopped, and tries the service first.'
  );
}

export function endedEarlyWords(campaign: string, reason: string | undefined): AlertWords {
  return {
    title: `The run of ${campaign} ended early: nothing got through any more`,
    what: sentence(reason === undefined ? 'no contact got an outcome for too long' : tidy(reason)),
    doing: 'Nobody is called until it is run again; then it goes on where it stopped.',
    toDo:
      '"campaign status" says why the contacts wait, "campaign logs --level warn" what failed. ' +
      'Then run it again.',
  };
}

export function endedWellWords(campaign: string, durationMs: number): AlertWords {
  return {
    title: `The campaign ${campaign} gets through again`,
    what: `A run came to its planned end, ${spanText(durationMs)} after one had ended early.`,
    doing: 'The work goes on as usual.',
    toDo: 'Nothing.',
  };
}

export function budgetSpentWords(campaign: string, reason: string | undefined): AlertWords {
  return {
    title: `The budget of the campaign ${campaign} is spent`,
    what: sentence(reason ?? 'campaign.budget is reached'),
    doing:
      'Whoever was in hand was brought to their end, and no new contact is taken. Nobody is ' +
      'lost: the others wait in the queue.',
    toDo:
      'To go on, raise campaign.budget in config.yml and run the campaign again. ' +
      '"campaign report" says what the money went for.',
  };
}

export function budgetOpenWords(campaign: string): AlertWords {
  return {
    title: `The campaign ${campaign} may spend again`,
    what: 'A run has begun whose budget is not spent.',
    doing: 'It goes on where it stopped.',
    toDo: 'Nothing.',
  };
}

/** The whole message, in plain text of several lines. */
export function alertText(alert: Alert): string {
  const { affected, durationMs } = alert;
  const times = `${counted(affected, 'time')} a call failed or a contact was put off`;
  return [
    alert.title,
    '',
    `What happened: ${alert.what}`,
    `Since: ${minuteText(alert.sinceMs)}`,
    ...(durationMs === undefined ? [] : [`Lasted: ${spanText(durationMs)}`]),
    ...(affected === 0 ? [] : [`Because of it: ${times}`]),
    `What the program does: ${alert.doing}`,
    `What you can do: ${alert.toDo}`,
    `Campaign: ${alert.campaign}`,
    '',
  ].join('\n');
}

/** `2026-03-02 09:00 UTC`. */
function minuteText(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function failureText(code: string, message: string): string {
  const plain = tidy(message);
  return plain.includes(code) ? plain : `${plain} (${code})`;
}

/** On one line, of bearable length, without anybody's number. */
function tidy(text: string): string {
  // Masked before it is cut: half a number would not be known for one.
  const plain = maskNumbers(text).replace(/\s+/g, ' ').trim();
  return plain.length > MESSAGE_CHARACTERS_MAX
    ? `${plain.slice(0, MESSAGE_CHARACTERS_MAX)}…`
    : plain;
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
