/**
 * What those who watch are told of one contact's story.
 */
import { countedAnswer } from '../domain/answers.ts';
import type { CampaignEvent } from '../domain/event.ts';
import type { ServiceFailure } from '../domain/failure.ts';
import type { Role, Step } from '../domain/words.ts';
import type { Claim, Clock, Emit } from './ports.ts';
import type { Settlement } from './settlement.ts';
import { isDoubted, type Story } from './story.ts';

type StepFinished = Extract<CampaignEvent, { readonly type: 'step.finished' }>;

/** What there is to say of a step beyond who did it: reused, what it used, a remark. */
export type StepDone = Partial<Pick<StepFinished, 'kept' | 'usage' | 'note'>>;

export const ROLE_OF: Readonly<Record<Step, Role>> = {
  lookup: 'crm',
  script: 'llm',
  speech: 'tts',
  dial: 'dialer',
  record: 'crm',
};

export class StoryEvents {
  readonly #clock: Clock;
  readonly #emit: Emit;

  constructor(clock: Clock, emit: Emit) {
    this.#clock = clock;
    this.#emit = emit;
  }

  started({ contact, key }: Claim, line: number): void {
    this.#emit({ type: 'call.started', contact: contact.id, call: key.call, line });
  }

  /** @param startMs when the step began, monotonic */
  stepFinished(
    story: Story,
    step: Step,
    service: string,
    startMs: number,
    { kept = false, usage, note }: StepDone,
  ): void {
    const { requestMs } = story;
    story.requestMs = undefined;
    this.#emit({
      type: 'step.finished',
      ...subjectOf(story),
      step,
      role: ROLE_OF[step],
      service,
      durationMs: this.#clock.monotonicMs() - startMs,
      ...(requestMs !== undefined && { requestMs }),
      ...(kept && { kept }),
      ...(usage !== undefined && { usage }),
      ...(note !== undefined && { note }),
    });
  }

  /** The call has its outcome, and that is durable. */
  ended(
    story: Story,
    { outcome, detail, code }: Extract<Settlement, { readonly type: 'outcome' }>,
  ): void {
    const answer = countedAnswer(outcome, story.answer);
    this.#emit({
      type: 'call.finished',
      ...subjectOf(story),
      outcome,
      detail,
      ...(answer !== undefined && { answer }),
      ...(code !== undefined && { code }),
      durationMs: this.#clock.monotonicMs() - story.startMs,
      ...(story.isCut && { cut: true }),
      ...(isDoubted(story.claim) && { was: 'uncertain' }),
    });
  }

  /** Who watches sees that nobody was rung again on a guess. */
  lookedUp(story: Story, service: string, exists: boolean): void {
    const step = 'dial';
    this.#emit({
      type: 'call.looked_up',
      ...subjectOf(story),
      step,
      service,
      role: ROLE_OF[step],
      exists,
    });
  }

  failed(story: Story, failure: ServiceFailure, putOff: boolean): void {
    const { service, kind, code, message } = failure;
    const about = { ...subjectOf(story), step: story.step, service, kind, code, message };
    const isRefusal = isRefused(failure);
    const more = { ...(putOff && { putOff }), ...(isRefusal && { isRefusal }) };
    this.#emit({ type: 'call.failed', ...about, ...more });
  }
}

/** By one service for good, or by every service of the chain. */
function isRefused({ kind, scope, refusedBy }: ServiceFailure): boolean {
  return (kind === 'permanent' && scope === 'request') || refusedBy.length > 0;
}

function subjectOf({ claim, line }: Story): { contact: string; call: string; line: number } {
  return { contact: claim.contact.id, call: claim.key.call, line };
}
