/**
 * The words of alerts. They are read by somebody who was woken at three in the morning: what
 * broke, since when, what the program does about it, what there is to do.
 */
import type { Alert, AlertSeverity, Trouble } from './alert.ts';
import { type CutOff, reconnectsText, seeConnection } from './alert-connection-text.ts';
import { affectedText } from './alert-contacts.ts';
import { maskNumbers } from './privacy.ts';
import { counted, listed, spanText } from './text.ts';
import { NO_AUDIO } from './trunk-watch.ts';
import type { Role } from './words.ts';

/** A part of an alert that is made anew when its cause changes. */
export type AlertWords = Pick<Alert, 'title' | 'what' | 'doing' | 'toDo' | 'isMoot'>;

/** A service's failure, as far as the words need it. */
export interface ServiceTrouble {
  readonly service: string;
  readonly code: string;
  readonly message: string;
  /** From now until the service is tried again. */
  readonly openMs: number;
}

/** What becomes of the work while a service is down. */
export interface Meanwhile {
  /** What nobody does now. */
  readonly waiting: readonly Role[];
  /** Who does what the service does not, as far as anybody does. */
  readonly fallbacks: readonly string[];
  /** How long a run goes on without any progress, where that is known. */
  readonly outageWaitMs: number | undefined;
}

export const ROLE_DOES: Readonly<Record<Role, string>> = {
  llm: 'writes the texts',
  tts: 'speaks the texts',
  dialer: 'makes the calls',
  crm: 'keeps the records',
};

const CONTACTS_WAIT =
  'Contacts who need it wait in the queue. Nobody is lost, and no call is used up.';

const OTHERS_WAIT = 'All others wait in the queue.';

const RECORDS_WAIT =
  'Calls go on. What became of them is on disk here, and is noted there as soon as it works ' +
  'again. Only contacts whose text needs what it knows of them wait in the queue.';

/** Vendors answer with whole web pages; their first words tell what there is to tell. */
const MESSAGE_CHARACTERS_MAX = 300;

/** What a service said when it failed, in a sentence that can be told. */
export function troubleText({ code, message }: Pick<ServiceTrouble, 'code' | 'message'>): string {
  return sentence(failureText(code, message));
}

/** What is down, whatever is done about it. */
export function troublesWords(
  service: string,
  troubles: readonly Trouble[],
): Pick<AlertWords, 'title' | 'what'> {
  const name = named(service, troubles);
  const what = [...new Set(troubles.map((trouble) => trouble.what))].join(' ');
  // Only what concerns every call opens a breaker, so a permanent failure is one of the account.
  const refuses = troubles.some(({ kind }) => kind === 'permanent');
  if (refuses) return { title: `${name}, refuses to work for us`, what };
  const isFull = troubles.length > 0 && troubles.every(({ by }) => by === 'stall');
  return { title: `${name}, ${isFull ? 'takes no requests' : 'does not work'}`, what };
}

/**
 * @param troubles all of them noticed by its health check
 * @param undone what becomes of its work; undefined where that may still get through
 * @param cutOff the connection that it keeps, while that is away
 */
export function checkFailsWords(
  service: string,
  troubles: readonly Trouble[],
  undone: Meanwhile | undefined,
  cutOff?: CutOff,
): AlertWords {
  const { title, what } = troublesWords(service, troubles);
  const refuses = troubles.some(({ kind }) => kind === 'permanent');
  const isDown = troubles.some((trouble) => trouble.isDown);
  const fails = isDown ? ' What is asked of it fails too: nothing gets through.' : '';
  if (cutOff !== undefined) {
    const rest = undone === undefined ? 'Until then it rings nobody.' : meanwhileText(undone);
    return {
      title,
      what: `${what}${refuses ? '' : fails}`,
      doing: `${reconnectsText(cutOff)} ${rest}`,
      toDo: seeConnection(cutOff, refuses),
    };
  }
  return {
    title: refuses || isDown ? title : `${named(service, troubles)}, fails its health checks`,
    what: refuses ? what : `${what}${fails}`,
    doing:
      undone === undefined
        ? 'It is asked as before: it may still do its work. What it fails at is tried again or ' +
          'asked about, and who needs it waits, unless another service does the same work. Only ' +
          'what it refuses for what is in it (a number, a text) has failed for good. Nobody is ' +
          'rung twice. One more message says when it is well again.'
        : 'It is asked all the same, and what it fails at is tried again or asked about. ' +
          `Nobody is rung twice. ${meanwhileText(undone)}`,
    toDo: refuses ? SEE_ACCOUNT : seeService(service),
  };
}

export function checkPassesWords(
  service: string,
  troubles: readonly Trouble[],
  durationMs: number,
): AlertWords {
  return {
    title: `${named(service, troubles)}, passes its health checks again`,
    what: `They failed for ${spanText(durationMs)}. ${lastHeard(troubles)}`,
    doing: 'The work goes on.',
    toDo: 'Nothing.',
  };
}

const SEE_ACCOUNT =
  'This rarely passes by itself. See whether its key or password is right and still valid, ' +
  'whether credit and quota are left, and whether the program may write where it has to. ' +
  'A run that is on learns of a new key only when it is started again.';

function seeService(name: string): string {
  return (
    'Nothing, if it comes back by itself: one more message says so. If it lasts, see whether ' +
    `others have trouble with ${name} too, whether this machine reaches it, or name another ` +
    'service for the same work in config.yml.'
  );
}

/**
 * @param troubles all that the service does not do now
 * @param isWell its health check is good all the same
 * @param cutOff the connection that it keeps, while that is away
 */
export function serviceDownWords(
  { service, openMs, code }: Pick<ServiceTrouble, 'service' | 'openMs' | 'code'>,
  troubles: readonly Trouble[],
  meanwhile: Meanwhile,
  isWell: boolean,
  cutOff?: CutOff,
): AlertWords {
  const words = troublesWords(service, troubles);
  if (code === NO_AUDIO) return unheardWords(service, openMs, words, meanwhile);
  const rest = meanwhileText(meanwhile);
  const when = openMs < 1_000 ? 'at once' : `in ${spanText(openMs)}`;
  const refuses = troubles.some(({ kind }) => kind === 'permanent');
  if (cutOff !== undefined) {
    const doing = `${reconnectsText(cutOff)} ${rest}`;
    return { ...words, doing, toDo: seeConnection(cutOff, refuses) };
  }
  if (refuses) {
    return {
      ...words,
      doing:
        `${service} is left alone, and asked again ${when} and then less and less ` +
        `often, in case somebody mends it. ${rest}`,
      toDo: SEE_ACCOUNT,
    };
  }
  return {
    ...words,
    doing:
      `${service} is left alone, and tried again ${when} and then less and less ` +
      `often. ${rest}`,
    toDo: isWell ? SEE_ROWS : seeService(service),
  };
}

/** People were rung, and have an outcome that is no fault of theirs. */
function unheardWords(
  service: string,
  openMs: number,
  words: Pick<AlertWords, 'title' | 'what'>,
  meanwhile: Meanwhile,
): AlertWords {
  return {
    ...words,
    title: `${service}, which ${ROLE_DOES.dialer}, cannot play the audio`,
    doing:
      'Whoever picked up heard nothing, and has the outcome failed; so has who was on the line ' +
      `by then. ${service} is left alone; in ${spanText(openMs)}, and then less and less often, ` +
      `one more is rung to try it. ${meanwhileText(meanwhile, OTHERS_WAIT)}`,
    toDo:
      `See whether Asterisk may read the audio where providers.${service} says that it is, and ` +
      'start the run again if that has to be changed. "campaign settle NAME CONTACT again" calls ' +
      'one of those who heard nothing once more.',
  };
}

/** A few rows at which a service always breaks down look like an outage by their answers. */
const SEE_ROWS =
  'Its health check is good all the same. If it does not come back by itself (one more message ' +
  'would say so), see with "campaign status" who waits: where only few are left, it may be what ' +
  'is said to them. Else name another service for the same work in config.yml.';

/**
 * @param stall how long it has refused everything, and until it is asked again
 * @param troubles all that the service does not do now
 */
export function serviceStalledWords(
  stall: {
    readonly service: string;
    readonly forMs: number;
    readonly waitMs: number;
  },
  troubles: readonly Trouble[],
  meanwhile: Meanwhile,
): AlertWords {
  const { service, forMs, waitMs } = stall;
  const { title, what } = troublesWords(service, troubles);
  const when = waitMs < 1_000 ? 'soon' : `in ${spanText(waitMs)}`;
  const since = forMs < 1_000 ? '' : ` For ${spanText(forMs)} it has taken nothing.`;
  return {
    title,
    what: `${what} That means: too many requests.${since}`,
    doing:
      `It is asked again ${when}, and after every pause that it asks for. ` +
      meanwhileText(meanwhile),
    toDo:
      'Nothing, if it is a limit that passes: one more message says so. If it lasts, see at ' +
      `${service} which limit of the account is reached, and who else uses the account. Fewer ` +
      'campaign.lines or a lower campaign.calls_per_second keep below a limit.',
  };
}

function meanwhileText(
  { waiting, fallbacks, outageWaitMs }: Meanwhile,
  contactsWait = CONTACTS_WAIT,
): string {
  const goOn = `Calls go on: its work is done by ${listed(fallbacks)}.`;
  const before = fallbacks.length === 0 ? [] : [goOn];
  if (waiting.length === 0) return before.join(' ');
  if (waiting.every((role) => role === 'crm')) return [...before, RECORDS_WAIT].join(' ');
  const isBounded = outageWaitMs !== undefined && Number.isFinite(outageWaitMs);
  const ends = isBounded
    ? [
        `If nothing gets through for ${spanText(outageWaitMs)}, the run ends, and the next one ` +
          'goes on where it stopped.',
      ]
    : [];
  return [contactsWait, ...ends].join(' ');
}

/** @param troubles all that the service did not do during the outage */
export function serviceBackWords(
  service: string,
  troubles: readonly Trouble[],
  durationMs: number,
): AlertWords {
  return {
    title: `${named(service, troubles)}, works again`,
    what: `It was away for ${spanText(durationMs)}. ${lastHeard(troubles)}`,
    doing: 'The work goes on; those who had to wait come next.',
    toDo: 'Nothing.',
  };
}

/** Of a service that config.yml does not name any more for what it failed at. */
export function serviceUnusedWords(
  service: string,
  troubles: readonly Trouble[],
  campaign: string,
): AlertWords {
  return {
    title: `${named(service, troubles)}, is not in use any more`,
    what: `config.yml does not name it for that now: nobody asks it. ${lastHeard(troubles)}`,
    doing: `The work of ${campaign} goes on without it.`,
    toDo: 'Nothing.',
  };
}

function lastHeard(troubles: readonly Trouble[]): string {
  return `Last heard of it: ${troubles.at(-1)?.what ?? 'nothing.'}`;
}

/** `openai, which writes the texts and speaks the texts`. */
function named(service: string, troubles: readonly Trouble[]): string {
  return `${service}, which ${listed(troubles.map(({ role }) => ROLE_DOES[role]))}`;
}

/**
 * What a run that gave up adds to the alert of the service that it gave up for.
 *
 * @param isCalled everybody has their outcome
 */
export function endedMeanwhile(campaign: string, isCalled: boolean): string {
  return isCalled
    ? `The run of ${campaign} has ended. Every contact has an outcome. ${RECORDS_KEPT}`
    : `The run of ${campaign} has ended, because nothing got through any more. Nobody is called ` +
        'until it is run again; then it goes on where it stopped, and tries the service first.';
}

/** @param isCalled everybody has their outcome, and the CRM has not got all of the records */
export function endedEarlyWords(campaign: string, isCalled: boolean): AlertWords {
  const title = `The run of ${campaign} ended early`;
  const why =
    '"campaign status" says why they wait, "campaign logs --level warn" what failed. Then run it ' +
    'again.';
  if (isCalled) {
    return {
      title: `${title}: the CRM took no more records`,
      what: 'Every contact has an outcome; what became of some is not noted in the CRM yet.',
      doing: `Nobody is left to call. ${RECORDS_KEPT}`,
      toDo: why,
    };
  }
  return {
    title: `${title}: nothing got through any more`,
    what: 'No contact got an outcome for too long.',
    doing: 'Nobody is called until it is run again; then it goes on where it stopped.',
    toDo: why,
  };
}

const RECORDS_KEPT =
  'The records that are still owed to the CRM are on disk here, and are made when it is run again.';

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

/** @param failure what Google Sheets, or the way to it, said */
export function storeFailedWords(campaign: string, reason: string | undefined): AlertWords {
  return {
    title: `The store cannot be written: the run of ${campaign} has ended`,
    what: sentence(reason === undefined ? 'a commit failed' : tidy(reason)),
    doing:
      'Dialling stopped at once, because a call that is not written down could be made twice. ' +
      'What was written before is kept; calls in progress were left, and are asked about by the ' +
      'next run.',
    toDo:
      'Make room on the disk of store.path in config.yml, or give the program the right to write ' +
      'there. Then run the campaign again: it goes on where it stopped.',
  };
}

export function storeWorksWords(durationMs: number): AlertWords {
  return {
    title: 'The store can be written again',
    what: `A run has begun, ${spanText(durationMs)} after one could not write.`,
    doing: 'The work goes on where it stopped.',
    toDo: 'Nothing.',
  };
}

const WAS_TEXTS: Readonly<Record<AlertSeverity, string>> = {
  critical: 'critical',
  warning: 'a warning',
  info: 'a piece of news',
};

/** What the end of a trouble is called: `All clear`, unless nothing has become well. */
export function endText({ isMoot, joins }: Pick<Alert, 'isMoot' | 'joins'>): string {
  if (joins !== undefined) return 'Cause found';
  return isMoot === true ? 'Over' : 'All clear';
}

/** The whole message, in plain text of several lines. */
export function alertText(alert: Alert): string {
  const { durationMs, lateMs, kind, was } = alert;
  const isWorse = kind === 'raised' && was !== undefined;
  const met = metText(alert);
  return [
    alert.title,
    '',
    ...(lateMs === undefined ? [] : [`LATE by ${spanText(lateMs)}: it could not be sent before.`]),
    ...(isWorse ? [`WORSE than before: it was ${WAS_TEXTS[was]}.`] : []),
    `What happened: ${alert.what}`,
    `Since: ${minuteText(alert.sinceMs)}`,
    ...(durationMs === undefined ? [] : [`Lasted: ${spanText(durationMs)}`]),
    ...(met === undefined ? [] : [met]),
    `What the program does: ${alert.doing}`,
    `What you can do: ${alert.toDo}`,
    `Campaign: ${alert.campaign}`,
    '',
  ].join('\n');
}

/** `Affected so far: 7 contacts, some more than once: 12 times`. */
export function metText(alert: Alert): string | undefined {
  const { affected, contacts = 0 } = alert;
  const text = affectedText(alert);
  if (text === undefined) return undefined;
  const times = counted(affected, 'time');
  const again = contacts > 1 ? `some more than once: ${times}` : times;
  return `A${text.slice(1)}${contacts > 0 && affected > contacts ? `, ${again}` : ''}`;
}

/** `2026-03-02 09:00 UTC`. */
function minuteText(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** What a vendor said, so that it can stand among other words. */
export function saidText({ code, message }: Pick<ServiceTrouble, 'code' | 'message'>): string {
  return failureText(code, message);
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
