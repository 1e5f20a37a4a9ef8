/**
 * Takes rows that are owed to a sheet, in batches, in its own time. Nobody ever waits for it, but
 * the end of a run for a few seconds.
 */
import { HOLD_MS_MAX } from '../../domain/breaker-verdict.ts';
import { DiskFailure, ServiceFailure } from '../../domain/failure.ts';
import { DEFAULT_RETRY, decideRetry, type RetryPolicy } from '../../domain/retry.ts';
import { counted } from '../../domain/text.ts';
import type { Clock, Emit, OwedRow, RandomSource, RowCell, RowMemory } from '../../engine/ports.ts';

/** Takes rows. May throw `ServiceFailure`; ends soon after the signal aborts. */
export interface RowSheet {
  /** Makes what is missing. Doing it twice is the same as doing it once. */
  prepare(signal: AbortSignal): Promise<void>;
  /** Behind all others. Not idempotent: `unknown` where the rows may be there all the same. */
  append(rows: readonly (readonly RowCell[])[], signal: AbortSignal): Promise<void>;
  /** Which of these rows are there. */
  find(ids: ReadonlySet<string>, signal: AbortSignal): Promise<ReadonlySet<string>>;
}

export interface RowOutboxParts {
  /** Called anew after what it opened has refused us: the key may be another one by then. */
  readonly open: () => Promise<RowSheet>;
  readonly memory: RowMemory;
  readonly clock: Clock;
  readonly random: Pick<RandomSource, 'fraction'>;
  readonly emit: Emit;
  readonly retry?: RetryPolicy | undefined;
  /** Aborts when the end of the run must not be held up at all. */
  readonly stop: AbortSignal;
}

/** Some 0.4 MB; Google advises against requests of more than 2 MB. */
export const BATCH_ROWS = 1_000;
/** Rows that end soon after the first one go with it. */
export const COLLECT_MS = 1_000;
/**
 * Between two writes: 12 a minute, of the 60 that one user has (a service account is one user,
 * however many campaigns write with it).
 */
export const WRITE_INTERVAL_MS = 5_000;
/** The same at the end of a run. */
export const FLUSH_INTERVAL_MS = 1_000;
/** One request takes no longer. */
export const REQUEST_TIMEOUT_MS = 30_000;
/** So long after a broken connection or an answer of no use, Google is still at work at most. */
export const SETTLE_MS = 10_000;
/**
 * The same after a request that was given up, or whose process was killed: it may sit in this
 * machine's kernel, which goes on sending it for 102 s (`tcp_orphan_retries`), so that a network
 * that comes back delivers it then.
 */
export const ORPHAN_MS = 110_000;
/** How long a sheet is left alone once the retries are used up; doubles to the longest. */
export const PAUSE_MS = 60_000;
export const PAUSE_MS_MAX = 10 * 60_000;
/** How long rows may hold up the end of a run: one lost answer can be made good in that time. */
export const FLUSH_MS = 15_000;

/**
 * - A failure that may pass is retried after the waits of the retry policy; then the sheet is left
 *   alone, longer and longer, and one batch tries it. What Google refuses is tried again as well,
 *   at the longest pause: a sheet can be shared, and a key replaced, while a run is on.
 * - That a batch leaves is on disk before it does, and that it arrived after. Where only the first
 *   is known, after a lost answer or a kill, the sheet is looked through for its rows once they can
 *   not arrive any more. Other rows do not wait for that.
 * - What could not be written waits for the next run of the campaign.
 */
export class RowOutbox implements AsyncDisposable {
  readonly #parts: RowOutboxParts;
  readonly #ended = new AbortController();
  #sheet: RowSheet | undefined;
  #isPrepared = false;
  #busy = false;
  #work: Promise<void> = Promise.resolve();
  #closing = false;
  #closed: Promise<void> | undefined;
  /** On the monotonic clock; never, as long as the run is on. */
  #flushEndMs = Number.POSITIVE_INFINITY;
  /** The last try of this run has failed. */
  #gaveUp = false;
  #wake: () => void = ignore;
  /** Only rows that may still arrive are there. */
  #isWaiting = false;
  #writtenMs = Number.NEGATIVE_INFINITY;
  #notBeforeMs = 0;
  #failures = 0;
  #pauseMs = PAUSE_MS;
  /** Since when it takes no rows, as was told. */
  #awaySinceMs: number | undefined;
  #lastFailure: ServiceFailure | undefined;
  #hasWorked = false;

  constructor(parts: RowOutboxParts) {
    this.#parts = parts;
  }

  /** Opens the sheet, so that a wrong key shows at once, and takes up what earlier runs left. */
  start(): void {
    if (this.#busy) return;
    this.#begin(async () => {
      try {
        this.#sheet = await this.#opened();
      } catch (error) {
        this.#failed(asFailure(error));
      }
      await this.#sendAll();
    });
  }

  /** There are rows. Neither throws nor waits. */
  put(): void {
    if (this.#isWaiting) this.#wake();
    if (!this.#busy && !this.#closing) this.#begin(() => this.#sendAll());
  }

  /**
   * Writes what is owed, for `FLUSH_MS` at most, and says what remains. Leaves no timer. Never
   * rejects.
   */
  close(): Promise<void> {
    this.#closed ??= this.#flush();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #begin(work: () => Promise<void>): void {
    this.#busy = true;
    // What cannot be kept ends the run, and is told by others.
    this.#work = work().catch(ignore);
  }

  async #flush(): Promise<void> {
    const { clock, memory, stop } = this.#parts;
    this.#closing = true;
    this.#flushEndMs = clock.monotonicMs() + FLUSH_MS;
    const end = (): void => this.#ended.abort();
    const cancel = clock.after(FLUSH_MS, end);
    stop.addEventListener('abort', end, { once: true });
    if (stop.aborted) end();
    this.#wake();
    await this.#work;
    this.#begin(async () => {
      // Behind everything that the run has written.
      await memory.save({});
      await this.#sendAll();
    });
    await this.#work;
    cancel();
    stop.removeEventListener('abort', end);
    this.#tellLeft();
  }

  #tellLeft(): void {
    const { clock, emit, stop } = this.#parts;
    const left = this.#waiting();
    if (left === 0) return;
    if (this.#lastFailure !== undefined && !stop.aborted) {
      this.#tellAway(this.#lastFailure, clock.monotonicMs());
    }
    const message =
      `${counted(left, 'row')} for Google Sheets ${left === 1 ? 'is' : 'are'} kept: the next ` +
      'run of this campaign writes them';
    emit({ type: 'notice', level: 'warn', code: 'rows_kept', message });
  }

  #waiting(): number {
    try {
      return this.#parts.memory.count();
    } catch {
      return 0;
    }
  }

  async #sendAll(): Promise<void> {
    const { clock, memory } = this.#parts;
    let collectedMs = clock.monotonicMs() + COLLECT_MS;
    try {
      for (let dueMs = this.#dueMs(); dueMs !== undefined; dueMs = this.#dueMs()) {
        if (this.#isOver() || dueMs > this.#flushEndMs) return;
        this.#isWaiting = dueMs > clock.monotonicMs();
        await this.#turn(Math.max(dueMs, collectedMs), dueMs);
        const isWoken = this.#isWaiting && clock.monotonicMs() < dueMs;
        this.#isWaiting = false;
        if (isWoken) {
          collectedMs = clock.monotonicMs() + COLLECT_MS;
          continue;
        }
        const rows = this.#isOver() ? [] : memory.load(BATCH_ROWS, clock.wallMs());
        const failure = rows.length === 0 ? undefined : await this.#deliver(rows);
        if (failure !== undefined) this.#failed(failure);
      }
    } finally {
      // At the very moment at which nobody looks any more: a row that comes now begins anew.
      this.#busy = false;
    }
  }

  /** When there are rows to be written, on the monotonic clock; undefined where none is owed. */
  #dueMs(): number | undefined {
    const { clock, memory } = this.#parts;
    const [nowMs, wallMs] = [clock.monotonicMs(), clock.wallMs()];
    if (memory.load(1, wallMs).length > 0) return nowMs;
    const nextMs = memory.nextMs();
    // Whole milliseconds more: what comes out of two clocks is not exact.
    return nextMs === undefined ? undefined : nowMs + Math.max(1, Math.ceil(nextMs - wallMs));
  }

  #isOver(): boolean {
    return this.#ended.signal.aborted || this.#gaveUp;
  }

  /** Waits until the next batch may leave. At the end of a run a long pause is not kept. */
  async #turn(collectedMs: number, rowsMs: number): Promise<void> {
    const { clock } = this.#parts;
    if (!this.#closing) {
      const dueMs = Math.max(collectedMs, this.#writtenMs + WRITE_INTERVAL_MS, this.#notBeforeMs);
      await this.#pause(dueMs - clock.monotonicMs());
    }
    if (this.#closing && rowsMs <= this.#flushEndMs) {
      const isRetried = this.#awaySinceMs === undefined && this.#notBeforeMs <= this.#flushEndMs;
      const retryMs = isRetried ? this.#notBeforeMs : 0;
      const dueMs = Math.max(rowsMs, this.#writtenMs + FLUSH_INTERVAL_MS, retryMs);
      // Never not at all: before its rows are due there is nothing to do.
      await this.#pause(Math.min(dueMs, this.#flushEndMs) - clock.monotonicMs());
    }
  }

  /** Answers why not. Rejects with what the store fails of. */
  async #deliver(rows: readonly OwedRow[]): Promise<ServiceFailure | undefined> {
    try {
      const sheet = await this.#prepared();
      const missing = await this.#missing(sheet, rows);
      if (missing.length > 0) await this.#append(sheet, missing);
      this.#works(rows.length);
      return undefined;
    } catch (error) {
      if (error instanceof DiskFailure) throw error;
      return asFailure(error);
    }
  }

  async #prepared(): Promise<RowSheet> {
    this.#sheet ??= await this.#opened();
    const sheet = this.#sheet;
    if (!this.#isPrepared) await this.#ask((signal) => sheet.prepare(signal), unanswered);
    this.#isPrepared = true;
    return sheet;
  }

  /** A file can keep one waiting as well. */
  #opened(): Promise<RowSheet> {
    return this.#ask(() => this.#parts.open(), unanswered);
  }

  /** Those that are not there: a row of which nothing is known is looked for. */
  async #missing(sheet: RowSheet, rows: readonly OwedRow[]): Promise<readonly OwedRow[]> {
    const doubtful = rows.filter(({ doubtMs }) => doubtMs !== undefined);
    if (doubtful.length === 0) return rows;
    const ids = new Set(doubtful.map(({ id }) => id));
    const there = await this.#ask((signal) => sheet.find(ids, signal), unanswered);
    await this.#parts.memory.save({ settled: [...there] });
    return rows.filter(({ id }) => !there.has(id));
  }

  async #append(sheet: RowSheet, rows: readonly OwedRow[]): Promise<void> {
    const { clock, memory } = this.#parts;
    const ids = rows.map(({ id }) => id);
    const doubt = (ms: number): Promise<void> => {
      return memory.save({ doubt: { ids, untilMs: clock.wallMs() + ms } });
    };
    // For whoever finds them after a kill, which may come at the last moment.
    await doubt(REQUEST_TIMEOUT_MS + ORPHAN_MS);
    this.#writtenMs = clock.monotonicMs();
    try {
      const cells = rows.map((row) => row.cells);
      await this.#ask((signal) => sheet.append(cells, signal), lost);
    } catch (error) {
      // A bug may have come after they were written.
      const { kind, code } = error instanceof ServiceFailure ? error : lost('', 'bug');
      if (kind === 'unknown') await doubt(GIVEN_UP.has(code) ? ORPHAN_MS : SETTLE_MS);
      else await memory.save({ doubt: { ids, untilMs: undefined } });
      throw error;
    }
    await memory.save({ settled: ids });
  }

  /** One request; ends by its timeout, or with the run, also where the sheet does not. */
  #ask<Answer>(
    work: (signal: AbortSignal) => Promise<Answer>,
    noAnswer: typeof lost,
  ): Promise<Answer> {
    const { clock } = this.#parts;
    const attempt = new AbortController();
    const run = this.#ended.signal;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        cancel();
        run.removeEventListener('abort', onEnded);
      };
      const giveUp = (message: string, code: string): void => {
        leave();
        const failure = noAnswer(message, code);
        reject(failure);
        attempt.abort(failure);
      };
      const cancel = clock.after(REQUEST_TIMEOUT_MS, () => {
        giveUp(`no answer within ${REQUEST_TIMEOUT_MS / 1_000} s`, 'timeout');
      });
      const onEnded = (): void => giveUp('the run ended before it answered', 'run_ended');
      run.addEventListener('abort', onEnded, { once: true });
      // Called in a promise, so that one that throws at once is no different.
      Promise.resolve()
        .then(() => work(attempt.signal))
        .finally(leave)
        .then(resolve, reject);
    });
  }

  #works(rows: number): void {
    const { clock, emit } = this.#parts;
    const sinceMs = this.#awaySinceMs;
    const outageMs = sinceMs === undefined ? undefined : clock.monotonicMs() - sinceMs;
    const isNews = !this.#hasWorked || sinceMs !== undefined;
    this.#hasWorked = true;
    this.#awaySinceMs = undefined;
    this.#lastFailure = undefined;
    this.#failures = 0;
    this.#pauseMs = PAUSE_MS;
    if (isNews) emit({ type: 'sheet.works', rows, outageMs });
  }

  #failed(failure: ServiceFailure): void {
    const { clock, random, retry: policy = DEFAULT_RETRY } = this.#parts;
    this.#isPrepared = false;
    this.#lastFailure = failure;
    if (failure.kind === 'permanent') this.#sheet = undefined;
    this.#failures += 1;
    const attempt = { failure, retry: this.#failures, idempotent: true };
    const decision = decideRetry(policy, { ...attempt, fraction: random.fraction() });
    const nowMs = clock.monotonicMs();
    if (decision.type === 'wait') {
      this.#notBeforeMs = nowMs + decision.delayMs;
      // Of a sheet that is away, one more try at the end is enough.
      const isLast = this.#awaySinceMs !== undefined || this.#notBeforeMs > this.#flushEndMs;
      this.#gaveUp = this.#closing && isLast;
      return;
    }
    this.#gaveUp = this.#closing;
    this.#tellAway(failure, nowMs);
    const askedMs = Math.min(HOLD_MS_MAX, failure.retryAfterMs ?? 0);
    const pauseMs = failure.kind === 'permanent' ? PAUSE_MS_MAX : this.#pauseMs;
    this.#notBeforeMs = nowMs + Math.max(pauseMs, askedMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MS_MAX);
  }

  /** Once per outage. */
  #tellAway({ kind, code, status, message }: ServiceFailure, nowMs: number): void {
    if (this.#awaySinceMs !== undefined) return;
    this.#awaySinceMs = nowMs;
    const waiting = this.#waiting();
    this.#parts.emit({ type: 'sheet.away', kind, code, status, message, waiting });
  }

  /** Cut short by the end of the run; what waits then, only by that of the flush. */
  async #pause(delayMs: number): Promise<void> {
    const { signal } = this.#ended;
    if (delayMs <= 0 || signal.aborted) return;
    const cut = new AbortController();
    const wake = (): void => cut.abort();
    if (!this.#closing) this.#wake = wake;
    signal.addEventListener('abort', wake, { once: true });
    await this.#parts.clock.sleep(delayMs, cut.signal).catch(ignore);
    signal.removeEventListener('abort', wake);
    this.#wake = ignore;
  }
}

/** Nothing came back: the request may not even have left this machine. */
const GIVEN_UP: ReadonlySet<string> = new Set(['timeout', 'run_ended', 'bug']);

/** It may have been written all the same. */
function lost(message: string, code: string): ServiceFailure {
  return new ServiceFailure(message, { kind: 'unknown', scope: 'service', code });
}

/** A question, which may be asked again. */
function unanswered(message: string, code: string): ServiceFailure {
  return new ServiceFailure(message, { kind: 'transient', scope: 'service', code });
}

/** A bug of a sheet must not end a run, nor be tried again and again. */
function asFailure(error: unknown): ServiceFailure {
  if (error instanceof ServiceFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = 'sheet_failed';
  // Not as its cause: a library's error has the request in it, and that the signature.
  return new ServiceFailure(message, { kind: 'permanent', scope: 'service', code });
}

function ignore(): void {}
