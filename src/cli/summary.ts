/**
 * What is left on the screen when a run ends: what happened, what was refused and why, what waits
 * and for what, and where things are.
 */
import { byCount, causesText, causeText } from '../domain/causes.ts';
import type { ContactCounts, RunEnd } from '../domain/event.ts';
import { maskContactId, maskNumbers } from '../domain/privacy.ts';
import { serviceKey } from '../domain/service-key.ts';
import type { RunTally } from '../domain/tally.ts';
import { counted, listed, spanText, wrapped } from '../domain/text.ts';
import type { Payee } from '../domain/usage.ts';
import type { Outcome, Role } from '../domain/words.ts';
import type { Guard } from '../engine/guard.ts';
import type { CampaignState } from './campaign-state.ts';
import { linesText } from './list-text.ts';
import type { Paint, Style } from './paint.ts';
import { isoTime } from './run-document.ts';

/** A service whose breaker is not closed. */
export interface ServiceDown {
  readonly service: string;
  readonly sinceMs: number;
  readonly message: string;
  /** What it answered since, where that is another thing. */
  readonly latest?: string | undefined;
  readonly role?: Role | undefined;
  /** It does not pass by itself: a key, an address, an account. */
  readonly isPermanent?: boolean | undefined;
}

export interface SummaryFacts extends CampaignState {
  readonly campaign: string;
  readonly end: RunEnd;
  readonly durationMs: number;
  readonly tally: RunTally;
  readonly down: readonly ServiceDown[];
  /** Those in use, by which an account that fills two roles is named as two. */
  readonly services: readonly Payee[];
  /** Calls that were begun and whose end nobody knows yet; their contacts wait. */
  readonly inDoubt?: number | undefined;
  /** Whether any service of the dialer's chain makes a phone ring. */
  readonly rings: boolean;
  readonly dialers: readonly string[];
  readonly crms: readonly string[];
  /** What was used and what it cost, in whole lines. */
  readonly costs?: readonly string[] | undefined;
  /** As a person would type them, by what they hold. */
  readonly places: readonly (readonly [what: string, path: string])[];
  /** The command that goes on, for copying; undefined where nothing real was done. */
  readonly again: string | undefined;
  /** The command that settles a contact as answered, for copying; likewise. */
  readonly settle: ((contact: string) => string) | undefined;
  /** How moments are written; in full where it is left out. */
  readonly timeText?: ((wallMs: number) => string) | undefined;
}

type Latest = (role: Role, service: string, reason: string, sinceMs: number) => string | undefined;

/**
 * What a run leaves behind broken.
 *
 * @param latest what a service answered since that began, where that is another thing
 */
export function servicesDown(
  guards: readonly Pick<Guard, 'service' | 'role' | 'status'>[],
  latest: Latest = () => undefined,
): ServiceDown[] {
  return guards.flatMap((guard) => {
    const { role } = guard;
    const { state, sinceMs, cause } = guard.status();
    if (state === 'closed') return [];
    const isPermanent = cause?.kind === 'permanent';
    const message = cause?.message ?? 'no answer';
    const since = latest(role, guard.service, message, sinceMs);
    const service = serviceKey(guards, guard);
    return [{ service, sinceMs, message, latest: since, role, isPermanent }];
  });
}

const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  answered: 'answered',
  voicemail: 'voicemail',
  busy: 'busy',
  no_answer: 'no answer',
  invalid_number: 'invalid number',
  failed: 'failed',
  uncertain: 'uncertain',
  previewed: 'previewed',
};

const OUTCOME_STYLES: Readonly<Partial<Record<Outcome, Style>>> = {
  answered: 'green',
  voicemail: 'green',
  previewed: 'green',
  failed: 'red',
  uncertain: 'yellow',
};

function outcomeWord(outcome: Outcome, count: number): string {
  return outcome === 'invalid_number' && count > 1 ? 'invalid numbers' : OUTCOME_WORDS[outcome];
}

/** Whether a run that was to be quiet has something to say all the same. */
export function hasRefusedRecords({ waiting }: Pick<SummaryFacts, 'waiting'>): boolean {
  return waiting.some(({ dueMs }) => dueMs === undefined);
}

/** Only that it ended, and what does not work: for a run that was to be quiet. */
export function briefText(facts: SummaryFacts, paint: Paint): string {
  const records = hasRefusedRecords(facts) ? recordLines(facts, paint) : [];
  return `${[headline(facts, paint), ...records, ...downLines(facts, paint)].join('\n')}\n`;
}

/** Whole lines, the last one ended too. */
export function summaryText(facts: SummaryFacts, paint: Paint): string {
  const paragraphs = [
    [headline(facts, paint)],
    [
      ...togetherLines(facts),
      ...outcomeLines(facts, paint),
      ...answerLines(facts),
      ...waitingLines(facts, paint),
      ...rejectedLines(facts, paint),
      ...reusedLines(facts, paint),
    ],
    fallbackLines(facts, paint),
    downLines(facts, paint),
    uncertainLines(facts, paint),
    facts.costs ?? [],
    facts.places.map(([what, path]) => `  ${what.padEnd(10)} ${path}`),
    previewLines(facts, paint),
  ];
  const text = paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
  return `\n${text}\n\n`;
}

function headline(facts: SummaryFacts, paint: Paint): string {
  const name = paint('bold', facts.campaign);
  const now = doneText(facts);
  const span = spanText(facts.durationMs);
  const left = facts.contacts.total - facts.contacts.done - facts.contacts.uncertain;
  const leftText = left === 0 ? owedText(facts) : `, ${counted(left, 'contact')} left`;
  const isOver = left + facts.recordsOwed === 0 || facts.again === undefined;
  const onward = isOver ? '' : ` Go on with: ${facts.again}`;
  switch (facts.end) {
    case 'done':
      return sum(facts.tally.outcomes) === 0
        ? `${name}: ${nothingNew(facts)}`
        : `${name}: ${now} in ${span}. ${everybody(facts.contacts)}.`;
    case 'limit':
      return `${name}: ${now} in ${span}, as --limit said${leftText}.${onward}`;
    case 'until':
      return `${name}: --until is reached, ${now}${leftText}.${onward}`;
    case 'budget':
      return (
        `${name}: ${paint('yellow', 'campaign.budget is spent')}, ${now} in ${span}${leftText}. ` +
        `Raise it to go on${onward.replace(' Go on', '')}`
      );
    case 'stopped':
      return `${name}: stopped, ${now} in ${span}${leftText}.${onward}`;
    case 'outage': {
      const early = paint('red', 'ended early');
      // Nobody waits for a call: that must not be taken for one.
      return left === 0
        ? `${name}: ${early}${leftText}.${onward}`
        : `${name}: ${early}, because nothing got through any more: ${now} in ${span}${leftText}.` +
            onward;
    }
    case 'disk_failed':
    case 'program_failed':
      return `${name}: ${paint('red', 'broken off')}, ${now}${leftText}.`;
  }
}

/** In this run; as everywhere, `done` is any outcome but uncertain. */
function doneText({ tally }: SummaryFacts): string {
  const uncertain = tally.outcomes.get('uncertain') ?? 0;
  const done = `${counted(sum(tally.outcomes) - uncertain, 'contact')} done`;
  return uncertain === 0 ? done : `${done}, ${uncertain} uncertain`;
}

/** Nobody is left to call, and the CRM is. */
function owedText({ contacts, recordsOwed, crms }: SummaryFacts): string {
  if (recordsOwed === 0) return '';
  const records = `${counted(recordsOwed, 'record')} ${recordsOwed === 1 ? 'is' : 'are'}`;
  const everyone = everybody(contacts).replace(/^./, (first) => first.toLowerCase());
  return `: ${everyone}; ${records} still owed to ${listed(crms, 'or')}`;
}

/** Everybody had their outcome before; records that were owed may have been made all the same. */
function nothingNew({ tally, contacts }: SummaryFacts): string {
  const everyone = `${everybody(contacts)}; nothing was repeated.`;
  return tally.records === 0
    ? `nothing to do. ${everyone}`
    : `nobody was left to call, and the CRM got ${counted(tally.records, 'record')} that ` +
        `${tally.records === 1 ? 'was' : 'were'} owed. ${everyone}`;
}

function everybody({ total, uncertain }: ContactCounts): string {
  const who =
    total === 1 ? 'The one contact has its' : `All ${total.toLocaleString('en-US')} have their`;
  if (uncertain === 0) return `${who} outcome`;
  if (total === 1) return `${who} outcome: it is uncertain`;
  return `${who} outcome; ${uncertain} of them ${uncertain === 1 ? 'is' : 'are'} uncertain`;
}

/** The headline is about this run, and what follows about the campaign. */
function togetherLines({ outcomes, tally }: SummaryFacts): string[] {
  const now = sum(tally.outcomes);
  return now === 0 || sum(outcomes) <= now ? [] : ['  All runs of this campaign together:'];
}

function outcomeLines(facts: SummaryFacts, paint: Paint): string[] {
  return [...facts.outcomes]
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => {
      const style = OUTCOME_STYLES[outcome];
      const word = outcomeWord(outcome, count).padEnd(14);
      const failures = outcome === 'failed' ? facts.tally.failures.values() : [];
      const why = causesText(byCount(failures));
      return row(count, style === undefined ? word : paint(style, word), why);
    });
}

/** What was chosen with a key, and who is not rung because they had asked for that. */
function answerLines({ answers, optedOut }: SummaryFacts): string[] {
  return [
    ...[...answers].map(([answer, count]) => row(count, 'chose', answer)),
    ...(optedOut > 0
      ? [row(optedOut, 'opted out', 'not rung, as they had asked; counted as failed')]
      : []),
  ];
}

/** They are hung up on where the run was stopped at once, and lost where it broke off. */
const IN_DOUBT = 'of these may have been rung: the next run asks what became of them';

function waitingLines(facts: SummaryFacts, paint: Paint): string[] {
  const { queued, put_off: putOff, calling } = facts.contacts;
  const { inDoubt = 0 } = facts;
  const reasons = causesText(facts.waiting.filter(({ dueMs }) => dueMs !== undefined));
  return [
    ...(queued + calling > 0 ? [row(queued + calling, 'queued', '')] : []),
    ...(putOff > 0 ? [row(putOff, paint('yellow', 'put off'.padEnd(14)), reasons)] : []),
    ...(inDoubt > 0 ? [row(inDoubt, paint('yellow', 'in doubt'.padEnd(14)), IN_DOUBT)] : []),
    ...recordLines(facts, paint),
    ...(facts.removed > 0
      ? [row(facts.removed, 'taken out', 'not in the list any more, so not called')]
      : []),
  ];
}

/** Records that are not made, those that the CRM refused with its reason, and notes on others. */
function recordLines(facts: SummaryFacts, paint: Paint): string[] {
  const { recordsOwed, waiting, tally } = facts;
  const refused = waiting.filter(({ dueMs }) => dueMs === undefined);
  const left = recordsOwed - refused.reduce((total, { count }) => total + count, 0);
  const owed = (count: number): string => (count === 1 ? 'record owed' : 'records owed');
  return [
    ...(left > 0 ? [row(left, owed(left), recordsText(left, facts))] : []),
    ...refused
      .slice(0, 3)
      .map((one) => row(one.count, paint('yellow', owed(one.count).padEnd(14)), causeText(one))),
    ...[...tally.notes].map(([note, count]) => row(count, 'with a note', maskNumbers(note))),
  ];
}

/** What passes by itself is over by the next run; a secret that is wrong is not. */
function recordsText(count: number, { crms, down }: SummaryFacts): string {
  const them = count === 1 ? 'it' : 'them';
  const broken = down.filter(({ role, isPermanent }) => role === 'crm' && isPermanent === true);
  return crms.length > 0 && broken.length === crms.length
    ? `the CRM gets ${them} once ${listed(crms, 'or')} is mended (see below), ` +
        'with the run after that'
    : `the CRM gets ${them} with the next run`;
}

function rejectedLines({ tally }: SummaryFacts, paint: Paint): string[] {
  const { rejected, rejectedCount } = tally;
  return rejected.map(({ listLine, reason }, index) => {
    const more = rejectedCount - rejected.length;
    const tail = index === rejected.length - 1 && more > 0 ? ` (and ${more} more)` : '';
    const text = `line ${listLine}: ${reason}${tail}`;
    return index === 0
      ? row(rejectedCount, paint('yellow', 'rejected'.padEnd(14)), text)
      : `${' '.repeat(8)}${' '.repeat(14)} ${text}`;
  });
}

/** Who may be taken for called, and is not. */
function reusedLines({ reusedIds: { count, lines } }: SummaryFacts, paint: Paint): string[] {
  if (count === 0) return [];
  const places = linesText(count, lines);
  return [
    row(
      count,
      paint('yellow', 'not called'.padEnd(14)),
      `the id is that of somebody with an outcome at another number (${places}):`,
    ),
    `${' '.repeat(22)} give new people new ids, or the list a campaign of its own with --name`,
  ];
}

function row(count: number, word: string, text: string): string {
  return `${count.toLocaleString('en-US').padStart(7)} ${word.padEnd(14)} ${text}`.trimEnd();
}

/** A voice or a text that was another's than the first choice is never silent about it. */
function fallbackLines({ tally, services }: SummaryFacts, paint: Paint): string[] {
  return [...tally.fallbacks.values()].map(({ role, service, instead, count, causes }) => {
    const named = (name: string): string => serviceKey(services, { role, service: name });
    const why = causesText(byCount(causes.values()));
    const text = `${named(service)} instead of ${named(instead)}: ${why}`;
    return row(count, paint('yellow', 'fallback'.padEnd(14)), text);
  });
}

function downLines({ down, timeText = isoTime }: SummaryFacts, paint: Paint): string[] {
  return down.map(
    ({ service, sinceMs, message, latest }) =>
      `  ${paint('red', service)} does not work since ` +
      `${timeText(sinceMs)}: ${maskNumbers(message)}` +
      (latest === undefined ? '' : `; its last answer: ${latest}`),
  );
}

function uncertainLines({ uncertain, askedAgain, settle }: SummaryFacts, paint: Paint): string[] {
  if (uncertain.length === 0) {
    return [];
  }
  const shown = uncertain.slice(0, 5).map(maskContactId);
  const more =
    uncertain.length > shown.length ? ` and ${uncertain.length - shown.length} more` : '';
  return [
    `  ${paint('yellow', 'uncertain')}: ${shown.join(', ')}${more} may have been rung;`,
    ...(askedAgain === 0
      ? []
      : [
          `  the dialer has not told how ${counted(askedAgain, 'call')} ended: the next run asks ` +
            'it once more, by itself.',
        ]),
    ...(askedAgain === 0
      ? [`  nobody can tell for certain${settle === undefined ? '.' : LAST_WORD}`]
      : []),
    '  Nobody is rung again for that by itself. ' +
      (askedAgain === 0 ? 'Find out' : 'Of whom it cannot tell then, find out') +
      (settle === undefined ? '.' : ', then say so:'),
    ...(settle === undefined ? [] : [`    ${settle(shown[0] ?? '')}   (or: again)`]),
  ];
}

/** A dialer may have said since that it has no such call. */
const LAST_WORD = '; what the dialer said last: campaign report --csv';

/** With their indent they fit a terminal of 80. */
const SENTENCE_COLUMNS = 76;

function previewLines({ rings, dialers, outcomes }: SummaryFacts, paint: Paint): string[] {
  if (rings || (outcomes.get('previewed') ?? 0) === 0) {
    return [];
  }
  const lead = 'No phone rang.';
  const text =
    `${lead} services.dialer in config.yml is ${listed(dialers)}, which writes what a phone ` +
    'would play. For real calls name twilio, asterisk-ari or asterisk-ami there (see "Real ' +
    'calls" in the README).';
  return wrapped(text, SENTENCE_COLUMNS).map((line) => {
    const shown = line.startsWith(lead) ? `${paint('bold', lead)}${line.slice(lead.length)}` : line;
    return `  ${shown}`;
  });
}

function sum(counts: ReadonlyMap<Outcome, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}
