/**
 * Where a contact stands, in numbers on disk and in words for people.
 */

import type { ContactState, Outcome, Step } from '../domain/words.ts';
import { STAGES, type Stage } from '../engine/ports.ts';

/** On disk for the length of results.csv: a row of it is out of date, a run makes it anew. */
export const RESULTS_OUTDATED = -1;

/** Values of `contact.queue`. They are on disk: never renumber. */
export const QUEUE = { none: 0, ready: 1, waiting: 2, claimed: 3, removed: 4 } as const;
export type QueueState = (typeof QUEUE)[keyof typeof QUEUE];

/**
 * Due time of those who wait for the next run: their record was refused, or their dialer could not
 * be asked. The last moment that a date can hold, so that no clock reaches it. It is on disk.
 */
export const NEXT_RUN_MS = 8.64e15;

/** Values of `contact.stage`, by name. They are on disk: never renumber. */
export const STAGE_CODES: Readonly<Record<Stage, number>> = {
  fresh: 0,
  scripted: 1,
  spoken: 2,
  dialling: 3,
  owed: 4,
  doubted: 5,
};

export function stageName(code: number): Stage {
  const name = STAGES.find((stage) => STAGE_CODES[stage] === code);
  if (name === undefined) throw new Error(`no stage has the code ${code}`);
  return name;
}

/** A call was begun and must be settled, or told: these come before all that is new. */
export function isUrgent(stage: Stage): boolean {
  return stage === 'dialling' || stage === 'owed';
}

/** The dialer is asked what became of the call: its answers are those of the script it spoke. */
export function isInDoubt(stage: Stage): boolean {
  return stage === 'dialling' || stage === 'doubted';
}

/** Values of `step.step`, by name. They are on disk: never renumber. */
export const STEP_CODES: Readonly<Record<Step, number>> = {
  lookup: 0,
  script: 1,
  speech: 2,
  dial: 3,
  record: 4,
};

const STEP_NAMES: readonly Step[] = ['lookup', 'script', 'speech', 'dial', 'record'];

export function stepName(code: number): Step {
  const name = STEP_NAMES[code];
  if (name === undefined) throw new Error(`no step has the code ${code}`);
  return name;
}

/** Where a contact stands, for people. */
export interface ContactStanding {
  /** Undefined where it was taken out of the campaign. */
  readonly state: ContactState | undefined;
  readonly outcome: Outcome | undefined;
}

/** Where a contact stands for people; undefined where it was taken out of the campaign. */
export function contactState(queue: QueueState, outcome: Outcome | null): ContactState | undefined {
  if (queue === QUEUE.removed) return undefined;
  if (outcome !== null) return outcome === 'uncertain' ? 'uncertain' : 'done';
  switch (queue) {
    case QUEUE.ready:
      return 'queued';
    case QUEUE.waiting:
      return 'put_off';
    case QUEUE.claimed:
      return 'calling';
    case QUEUE.none:
      throw new Error('a contact without an outcome is not in the queue');
  }
}

/** How far the call of a claimed contact has come. */
export interface Progress {
  /** Of the contact; null as long as the call has none. */
  outcome: Outcome | null;
  script: boolean;
  speech: boolean;
  /** By number: whether the phone may have rung (it is open, placed or unknown). */
  readonly attempts: Map<number, boolean>;
}

/** The stage with which a contact goes back to the queue. */
export function stageOf(progress: Progress): Stage {
  let mayHaveRung = false;
  for (const may of progress.attempts.values()) mayHaveRung ||= may;
  return stageAfter(progress, mayHaveRung);
}

/** @param mayHaveRung whether any attempt may have made a phone ring */
export function stageAfter(reached: Omit<Progress, 'attempts'>, mayHaveRung: boolean): Stage {
  if (reached.outcome !== null) return reached.outcome === 'uncertain' ? 'doubted' : 'owed';
  if (mayHaveRung) return 'dialling';
  if (reached.speech) return 'spoken';
  return reached.script ? 'scripted' : 'fresh';
}
