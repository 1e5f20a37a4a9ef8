import type { EventOf } from '../domain/event.ts';
import { ServiceFailure } from '../domain/failure.ts';
import { type RetryPolicy, retryDelayMs } from '../domain/retry.ts';
import type { Role } from '../domain/words.ts';
import { type Flights, limitMs } from './flights.ts';
import {
  attemptFailed,
  boundReached,
  requestTimeout,
  retryScheduled,
  stillOn,
  unheard,
} from './guard-report.ts';
import type { Clock, Emit, RandomSource, RequestContext } from './ports.ts';
import { Silence } from './silence.ts';

export interface InquiryParts {
  readonly service: string;
  readonly role: Role;
  readonly retry: RetryPolicy;
  /** How long an answer may take, milliseconds; infinite for no limit. */
  readonly requestMs: number;
  readonly flights: Flights;
  readonly counts: { requests: number; failures: number };
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly emit: Emit;
}

type Call<T> = (context: RequestContext, attempt: number) => Promise<T>;

/** Whether what was heard last of a call is that it goes on. */
interface Progress {
  isOn: boolean;
}

/**
 * Questions about something that has happened already. They are not admitted by the breaker and
 * not counted by it: whether they succeed says nothing of whether the work would.
 */
export class Inquiry {
  readonly #parts: InquiryParts;

  constructor(parts: InquiryParts) {
    this.#parts = parts;
  }

  /**
   * Whatever might pass is waited out with the retry's delays until `boundMs` after the beginning,
   * and asked about a last time just before; then it rejects with a `ServiceFailure` of kind
   * `unknown`, code `timeout`, with the last failure as its cause. 0 or Infinity: no bound.
   *
   * With `context.once` nothing is waited out: whatever fails ends it. Nor once `context.drain` has
   * aborted: then it rejects with the reason of that.
   *
   * @param idleMs so long after the last `heard` it rejects too, with code `silent`; 0: never
   */
  async outlast<T>(
    boundMs: number,
    context: RequestContext,
    call: Call<T>,
    idleMs = 0,
  ): Promise<T> {
    const { campaign, contact, call: id, step, line, once, signal, drain } = context;
    const progress: Progress = { isOn: false };
    const on = { campaign, contact, call: id, step, line, once, signal, drain };
    if (limitMs(idleMs) >= limitMs(boundMs)) {
      const heard = (): void => void (progress.isOn = true);
      return await this.#outlast(boundMs, { ...on, heard }, call, progress);
    }
    const { clock, service } = this.#parts;
    using silence = new Silence(clock, idleMs, () => unheard(service, idleMs));
    const heard = (): void => {
      progress.isOn = true;
      silence.broken();
    };
    const either = AbortSignal.any([signal, silence.signal]);
    return await this.#outlast(boundMs, { ...on, signal: either, heard }, call, progress);
  }

  async #outlast<T>(
    boundMs: number,
    context: RequestContext,
    call: Call<T>,
    progress: Progress,
  ): Promise<T> {
    const { service, clock, random, emit, retry, requestMs, flights } = this.#parts;
    const endsMs = clock.monotonicMs() + limitMs(boundMs);
    let last: ServiceFailure | undefined;
    const overdue = (): ServiceFailure =>
      progress.isOn ? stillOn(boundMs) : boundReached(service, boundMs, last);
    let isLast = false;
    for (let attempt = 1; ; attempt += 1) {
      context.signal.throwIfAborted();
      this.#parts.counts.requests += 1;
      const startMs = clock.monotonicMs();
      try {
        return await flights.launch(context, { endsMs, overdue }, call, attempt);
      } catch (error) {
        if (!this.#noted(error, context, attempt, startMs, { question: true })) throw error;
        // A key that expired or a quota may be mended while we ask; only the question can be wrong.
        const isWrong = error.kind === 'permanent' && error.scope === 'request';
        const isOver = clock.monotonicMs() >= endsMs || context.signal.aborted;
        if (isOver || isWrong || context.once === true) throw error;
        context.drain?.throwIfAborted();
        last = error;
        progress.isOn = false;
      }
      const fraction = random.fraction();
      if (isLast) throw overdue();
      const tried = { failure: last, retry: attempt, idempotent: true, fraction };
      // Somebody may be on the line: a service that wants to be left alone for an hour is asked.
      const waitMs = Math.min(retryDelayMs(retry, tried), retry.maxDelayMs);
      const leftMs = endsMs - clock.monotonicMs();
      isLast = waitMs >= leftMs;
      const delayMs = isLast ? leftMs - Math.min(requestMs, leftMs / 2) : waitMs;
      const again = retryScheduled(this.#parts, context, last, attempt, delayMs);
      emit({ ...again, question: true });
      await clock.sleep(delayMs, eitherOf(context));
    }
  }

  /** One attempt to hang up, under a time limit; 0 or Infinity: no limit. */
  async once<T>(timeoutMs: number, context: RequestContext, call: Call<T>): Promise<T> {
    const { service, clock, flights, counts } = this.#parts;
    context.signal.throwIfAborted();
    counts.requests += 1;
    const startMs = clock.monotonicMs();
    const endsMs = startMs + limitMs(timeoutMs);
    const overdue = (): ServiceFailure => requestTimeout(service, timeoutMs, true);
    try {
      return await flights.launch(context, { endsMs, overdue }, call, 1);
    } catch (error) {
      this.#noted(error, context, 1, startMs, { hangUp: true });
      throw error;
    }
  }

  #noted(
    error: unknown,
    context: RequestContext,
    attempt: number,
    startMs: number,
    what: Pick<EventOf<'attempt.failed'>, 'question' | 'hangUp'>,
  ): error is ServiceFailure {
    if (!(error instanceof ServiceFailure)) return false;
    const { clock, counts, emit } = this.#parts;
    counts.failures += 1;
    const durationMs = clock.monotonicMs() - startMs;
    emit({ ...attemptFailed(this.#parts, context, error, attempt, durationMs), ...what });
    return true;
  }
}

function eitherOf({ signal, drain }: RequestContext): AbortSignal {
  return drain === undefined ? signal : AbortSignal.any([signal, drain]);
}
