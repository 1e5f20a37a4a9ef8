/**
 * How far a campaign has come: that it has started, its milestones, its end.
 */
import { finishedWords, milestoneWords, startedWords } from './alert-progress-text.ts';
import { NO_SIGNS, type Sign, type WatchMoment } from './alert-sign.ts';
import { campaignKey } from './alert-state.ts';
import type { EventOf } from './event.ts';
import type { Outcome } from './words.ts';

const MILESTONES = [75, 50, 25] as const;

/** The way of one run through the list. */
export class ProgressWatch {
  /** Of the list, and how many of them have their outcome. */
  #total = 0;
  #through = 0;
  /** Of this run. */
  readonly #outcomes = new Map<Outcome, number>();
  #failedTries = 0;

  started({ contacts, lines }: EventOf<'run.started'>, { campaign }: WatchMoment): readonly Sign[] {
    const { total, done, uncertain } = contacts;
    this.#total = total;
    this.#through = done + uncertain;
    if (this.#through > 0 || total === 0) return NO_SIGNS;
    const key = `${campaignKey(campaign)}:started`;
    const words = startedWords(campaign, total, lines);
    return [{ type: 'noticed', rule: 'campaignStarted', key, words }];
  }

  tryFailed(): void {
    this.#failedTries += 1;
  }

  /** Of several milestones passed at once the highest is told; the end has its own notice. */
  callFinished({ outcome }: EventOf<'call.finished'>, { campaign }: WatchMoment): readonly Sign[] {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
    const before = this.#through;
    const total = this.#total;
    const through = before + 1;
    this.#through = through;
    const passed = MILESTONES.find((percent) => {
      return through * 100 >= percent * total && before * 100 < percent * total;
    });
    if (passed === undefined || through >= total) return NO_SIGNS;
    const key = `${campaignKey(campaign)}:milestone:${passed}`;
    const words = milestoneWords(campaign, passed, through, total);
    return [{ type: 'noticed', rule: 'milestones', key, words }];
  }

  /** The list is done. */
  done(
    { contacts, durationMs }: EventOf<'run.finished'>,
    { campaign }: WatchMoment,
  ): readonly Sign[] {
    // A run that finds nobody left (cron) has finished nothing.
    if (this.#outcomes.size === 0) return NO_SIGNS;
    const key = `${campaignKey(campaign)}:finished`;
    const outcomes = [...this.#outcomes];
    const figures = { campaign, contacts, outcomes, failedTries: this.#failedTries, durationMs };
    return [{ type: 'noticed', rule: 'campaignFinished', key, words: finishedWords(figures) }];
  }
}
