/**
 * What the processor carries through one call.
 */
import { countedAnswer } from '../domain/answers.ts';
import type { Outcome, Role, Step } from '../domain/words.ts';
import type { CallAttempts } from './call-attempts.ts';
import type { Claim, Stage } from './ports.ts';
import type { Settlement } from './settlement.ts';
import type { Over } from './steps.ts';

/** What tells a run that it gets on: somebody is on the line, however long; an outcome. */
export interface CallsInProgress {
  begun(): void;
  ended(): void;
  /** A contact has its outcome. */
  settled(): void;
}

/** The call in hand. */
export interface Story {
  readonly claim: Claim;
  readonly line: number;
  readonly calls: CallsInProgress;
  /** Aborts when what fails is not waited for any more. */
  readonly drain: AbortSignal;
  /** Aborts when work in progress is left. */
  readonly stop: AbortSignal;
  readonly attempts: CallAttempts;
  readonly startMs: number;
  /** Who did which step, for the record. */
  readonly services: Partial<Record<Role, string>>;
  text: string | undefined;
  /** What is being done. */
  step: Step;
  /** It has its outcome: what fails from here on is only the record. */
  ended: boolean;
  /** How long the request of this step took that was answered, as far as one was. */
  requestMs: number | undefined;
  /** What the callee chose by a key, as far as it is durable. */
  answer: string | undefined;
  /** How long somebody was on the line, where the dialer has told. */
  talkMs: number | undefined;
  /** The call was ended by us because its time was up. */
  isCut: boolean;
}

/** How a call ended. */
export interface End {
  readonly outcome: Outcome;
  readonly detail: string | undefined;
  readonly endedMs: number;
}

/** It is uncertain, and asked about once more. */
export function isDoubted({ stage }: Claim): boolean {
  return stage === 'doubted';
}

/** How far it has come: what its contact still needs is asked of that. */
export function stageAt({ ended, step, claim }: Story): Stage {
  if (ended) return 'owed';
  switch (step) {
    case 'speech':
      return 'scripted';
    case 'dial':
      return 'spoken';
    default:
      return claim.stage;
  }
}

/** How long a record waits that failed over and over while others went through. */
const FAILED_RECORD_WAIT_MS = 60_000;

/**
 * A record is owed until the CRM takes it. What it refuses for what is in it, it would refuse in a
 * minute as well: that waits for the next run, and keeps this one from nothing.
 */
export function recordRefused(
  story: Story,
  { detail = 'no reason given', refusal }: Extract<Settlement, { readonly type: 'outcome' }>,
): Extract<Settlement, { readonly type: 'put_off' | 'refused' }> {
  const { rounds } = story.claim;
  if (refusal !== undefined) return { type: 'refused', refusal };
  const reason = `the record could not be made: ${detail}`;
  const delayMs = FAILED_RECORD_WAIT_MS;
  return { type: 'put_off', delayMs, reason, behind: true, recall: false, rounds };
}

/** Whoever was hung up on may not have heard it all, and may not have let it ring out. */
function endDetail({ isHungUp }: Claim, detail: string | undefined): string | undefined {
  if (isHungUp !== true) return detail;
  const how = 'hung up by us, because the run was stopped';
  return detail === undefined ? how : `${detail}; ${how}`;
}

export function outcomeOf(story: Story, over: Over): Settlement {
  story.services.dialer = over.service;
  const { answer } = story;
  if (over.state === 'ended') {
    const { outcome } = over.ended;
    const chosen = countedAnswer(outcome, answer);
    const detail = endDetail(story.claim, over.ended.detail);
    // What was chosen is all there is to say, unless it was chosen in silence.
    const texts = outcome === 'failed' ? [chosen, detail] : [chosen ?? detail];
    const told = texts.filter((text) => text !== undefined).join('; ');
    return { type: 'outcome', outcome, detail: told === '' ? undefined : told };
  }
  // Whoever pressed a key was there, whatever became of the call after that.
  return answer === undefined
    ? { type: 'outcome', outcome: 'uncertain', detail: over.detail, isUnasked: over.isUnasked }
    : { type: 'outcome', outcome: 'answered', detail: answer };
}
