/**
 * How far a campaign has come: that it has started, its milestones, its end. Each is told once for
 * a list, however many runs work on it; after the end, a list with new contacts is told anew.
 */
import { finishedWords, milestoneWords, startedWords } from './alert-progress-text.ts';
import { NO_SIGNS, type Sign, type WatchMoment } from './alert-sign.ts';
import { campaignKey } from './alert-state.ts';
import type { ContactCounts, EventOf, RunEnd } from './event.ts';
import { OutcomeCounts } from './outcome-counts.ts';

const MILESTONES = [75, 50, 25] as const;

/** After these it is not known, or not certain, that the list is done with. */
const BROKEN_ENDS: ReadonlySet<RunEnd> = new Set(['outage', 'disk_failed', 'program_failed']);

function keysOf(campaign: string) {
  const key = campaignKey(campaign);
  const milestone = (percent: number): string => `${key}:milestone:${percent}`;
  return { started: `${key}:started`, milestone, finished: `${key}:finished` };
}

/** Whether nobody of the list is left to be called, however this run ended. */
export function isListDone({ end, contacts }: EventOf<'run.finished'>): boolean {
  if (end === 'done') return true;
  const { total } = contacts;
  return !BROKEN_ENDS.has(end) && total > 0 && throughOf(contacts) >= total;
}

/** The way of one run through the list. */
export class ProgressWatch {
  /** Of the list, and how many of them have their outcome. */
  #total = 0;
  #through = 0;
  /** Of those: nobody can tell what became of their calls. */
  #uncertain = 0;
  /** Of this run. */
  readonly #outcomes = new OutcomeCounts();
  #optedOut = 0;
  #failedTries = 0;

  started(
    { contacts, lines }: EventOf<'run.started'>,
    { campaign, told }: WatchMoment,
  ): readonly Sign[] {
    const total = contacts.total;
    const through = throughOf(contacts);
    this.#total = total;
    this.#through = through;
    this.#uncertain = contacts.uncertain;
    const keys = keysOf(campaign);
    const isAnew = told.has(keys.finished) && through < total;
    if (!isAnew && (through > 0 || total === 0)) return NO_SIGNS;
    const its = [keys.started, keys.finished, ...MILESTONES.map(keys.milestone)];
    const old = isAnew ? its : [];
    const words = startedWords({ campaign, total, left: total - through, lines });
    return [
      ...old.map((key) => ({ type: 'forgotten', key }) as const),
      { type: 'noticed', rule: 'campaignStarted', key: keys.started, words },
    ];
  }

  tryFailed(): void {
    this.#failedTries += 1;
  }

  /** Of several milestones passed at once the highest is told; the end has its own notice. */
  callFinished(event: EventOf<'call.finished'>, { campaign, told }: WatchMoment): readonly Sign[] {
    this.#outcomes.take(event);
    if (event.code === 'opted_out') this.#optedOut += 1;
    if (event.was === 'uncertain') this.#uncertain -= 1;
    if (event.outcome === 'uncertain') this.#uncertain += 1;
    // It was counted when it was told to be uncertain, perhaps by an earlier run.
    if (event.was !== undefined) return NO_SIGNS;
    const before = this.#through;
    const total = this.#total;
    const through = before + 1;
    this.#through = through;
    const passed = MILESTONES.find((percent) => {
      return through * 100 >= percent * total && before * 100 < percent * total;
    });
    if (passed === undefined || through >= total) return NO_SIGNS;
    const { milestone } = keysOf(campaign);
    // A list that has grown may pass one again, or a lower one than before.
    if (MILESTONES.some((one) => one > passed && told.has(milestone(one)))) return NO_SIGNS;
    const words = milestoneWords(campaign, passed, {
      through,
      total,
      uncertain: this.#uncertain,
    });
    return [{ type: 'noticed', rule: 'milestones', key: milestone(passed), words }];
  }

  finished(
    event: EventOf<'run.finished'>,
    { campaign, told, figures }: WatchMoment,
  ): readonly Sign[] {
    const { contacts, durationMs } = event;
    const { total } = contacts;
    if (!isListDone(event) || total === 0 || throughOf(contacts) < total) return NO_SIGNS;
    const keys = keysOf(campaign);
    // The run that did the last of it may have had no time to say so. One that was all done before
    // any of this was kept has been told.
    if (this.#outcomes.counts.size === 0 && !told.has(keys.started)) return NO_SIGNS;
    const its = figures?.() ?? { outcomes: this.#outcomes.counts, optedOut: this.#optedOut };
    const failedTries = this.#failedTries;
    const words = finishedWords({ campaign, contacts, ...its, failedTries, durationMs });
    return [{ type: 'noticed', rule: 'campaignFinished', key: keys.finished, words }];
  }
}

function throughOf({ done, uncertain }: ContactCounts): number {
  return done + uncertain;
}
