import { OptedOut } from '../domain/failure.ts';
import type {
  AttemptLog,
  Claim,
  Clock,
  DialAttempt,
  DialAttemptResult,
  Journal,
  Placed,
} from './ports.ts';
import { tooLate } from './stopped.ts';

/** The dial attempts of one call, in memory as in the journal. */
export class CallAttempts implements AttemptLog {
  readonly #journal: Journal;
  readonly #claim: Claim;
  readonly #wallMs: () => number;
  readonly #untilMs: number;
  #last: DialAttempt | undefined;
  /** Resolves when the request that began last is not under way any more. */
  #over: Promise<void> = Promise.resolve();
  #settle: () => void = () => undefined;

  /** @param untilMs wall clock, from which on no attempt may begin */
  constructor(journal: Journal, claim: Claim, wallMs: () => number, untilMs = Infinity) {
    this.#journal = journal;
    this.#claim = claim;
    this.#wallMs = wallMs;
    this.#untilMs = untilMs;
    this.#last = claim.attempts.at(-1);
  }

  /** The attempt that was taken on by a service. */
  get placed(): Placed | undefined {
    const last = this.#last;
    return last?.result?.type === 'placed'
      ? { service: last.service, reference: last.result.reference, account: last.account }
      : undefined;
  }

  /** The attempt that may have made a phone ring, for all we know. */
  get open(): DialAttempt | undefined {
    const result = this.#last?.result;
    return result === undefined || result.type === 'unknown' ? this.#last : undefined;
  }

  /** The last attempt is one of an earlier run. */
  get isEarlier(): boolean {
    return this.#last !== undefined && this.#last.attempt === this.#claim.attempts.at(-1)?.attempt;
  }

  /** When the attempt began that may have made a phone ring, wall clock. */
  get dialledMs(): number | undefined {
    return this.#last?.result?.type === 'not_placed' ? undefined : this.#last?.begunMs;
  }

  /** The hour at which the run ends has come since the contact was taken. */
  get isTooLate(): boolean {
    return this.#wallMs() >= this.#untilMs;
  }

  /** Rejects with `Stopped` where it is too late. */
  async begin(service: string, account?: string): Promise<number> {
    if (this.isTooLate) throw tooLate();
    const begunMs = this.#wallMs();
    const before = this.#last;
    const attempt = (before?.attempt ?? 0) + 1;
    this.#last = { attempt, service, account, begunMs };
    this.#over = new Promise((resolve) => {
      this.#settle = resolve;
    });
    const begun = { type: 'attempt.begun', attempt, service, account, atMs: begunMs } as const;
    try {
      await this.#journal.write(this.#claim.key, begun);
    } catch (error) {
      if (error instanceof OptedOut) {
        // It never began: the number was refused before.
        this.left(attempt);
        this.#last = before;
      }
      throw error;
    }
    return attempt;
  }

  async end(attempt: number, result: DialAttemptResult): Promise<void> {
    if (this.#last?.attempt === attempt) {
      if (this.#last.result?.type === 'placed') {
        // Found meanwhile: a request that was given up and ends late knows nothing better.
        this.left(attempt);
        return;
      }
      this.#last = { ...this.#last, result };
    }
    try {
      await this.#journal.write(this.#claim.key, {
        type: 'attempt.ended',
        attempt,
        result,
        atMs: this.#wallMs(),
      });
    } finally {
      this.left(attempt);
    }
  }

  left(attempt: number): void {
    if (this.#last?.attempt === attempt) {
      this.#settle();
    }
  }

  /**
   * Waits until no request to place the call is under way; false if one still is after `graceMs`.
   * A request that was given up may still reach the vendor, and its answer may still come.
   */
  quiet(clock: Clock, graceMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = clock.after(graceMs, () => {
        resolve(false);
      });
      void this.#over.then(() => {
        cancel();
        resolve(true);
      });
    });
  }

  /** We ended the call before its end: the next run says so with its outcome. */
  hungUp(): Promise<void> {
    return this.#journal.write(this.#claim.key, { type: 'call.hung_up', atMs: this.#wallMs() });
  }

  isOthers(service: string, reference: string): boolean {
    return this.#journal.isOthers(service, reference, this.#claim.key.call);
  }

  othersInDoubt(service: string, phone: string): readonly number[] {
    return this.#journal.othersInDoubt(service, phone, this.#claim.key.call);
  }

  /** The open attempt turned out to be this call: from here on it can be followed after a kill. */
  async closeAsPlaced(reference: string): Promise<void> {
    if (this.open !== undefined) {
      await this.end(this.open.attempt, { type: 'placed', reference });
    }
  }

  /** The open attempt turned out not to have rung anybody. */
  async closeAsAbsent(): Promise<void> {
    if (this.open !== undefined) {
      await this.end(this.open.attempt, { type: 'not_placed', code: 'absent' });
    }
  }
}
