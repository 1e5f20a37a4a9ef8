/**
 * What guarding costs: timeout, retry and breaker around a request that does nothing, ours
 * against the same three of cockatiel 4 and of opossum 10, in one run, round by round in turn.
 */
import {
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import CircuitBreaker from 'opossum';
import { DEFAULT_RETRY } from '../src/domain/retry.ts';
import { Guard, type Operation } from '../src/engine/guard.ts';
import type { Clock, RequestContext } from '../src/engine/ports.ts';

const ROUNDS = 21;
const REQUESTS = 20_000;
const TIMEOUT_MS = 15_000;
/** At least five times faster than cockatiel. */
const BAR = 5;

type Request = () => Promise<unknown>;

const clock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, wake) {
    const timer = setTimeout(wake, delayMs);
    return () => clearTimeout(timer);
  },
  sleep: (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs)),
};

function guarded(signal: AbortSignal, work: Request): Request {
  const guard = new Guard({
    service: 'bench',
    role: 'llm',
    policies: {
      retry: DEFAULT_RETRY,
      circuitBreaker: { failureThreshold: 4, recoveryTimeoutMs: 60_000, halfOpenMaxCalls: 1 },
      timeouts: { requestMs: TIMEOUT_MS, callMs: 600_000 },
    },
    lines: 50,
    clock,
    random: { fraction: () => Math.random(), id: () => '' },
    emit: () => {},
    breakerMemory: { load: () => undefined, save: () => {} },
  });
  const operation: Operation = { idempotent: true, paced: false, timeoutMs: TIMEOUT_MS };
  const context: RequestContext = {
    campaign: 'bench',
    contact: 'c',
    call: 'c-1',
    step: 'script',
    line: 1,
    signal,
  };
  return () => guard.run(operation, context, work);
}

function withCockatiel(signal: AbortSignal | undefined, work: Request): Request {
  const policy = wrap(
    retry(handleAll, {
      maxAttempts: DEFAULT_RETRY.maxRetries,
      backoff: new ExponentialBackoff({ initialDelay: 5_000, maxDelay: 60_000 }),
    }),
    circuitBreaker(handleAll, { halfOpenAfter: 60_000, breaker: new ConsecutiveBreaker(4) }),
    timeout(TIMEOUT_MS, TimeoutStrategy.Aggressive),
  );
  return () => policy.execute(work, signal);
}

/** It has no retry of its own: the usual loop around it. */
function withOpossum(work: Request): Request {
  const breaker = new CircuitBreaker(work, { timeout: TIMEOUT_MS, resetTimeout: 60_000 });
  return async () => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await breaker.fire();
      } catch (error) {
        if (attempt > DEFAULT_RETRY.maxRetries) throw error;
        await clock.sleep(5_000);
      }
    }
  };
}

/** Nanoseconds for one request, `lines` at a time. */
async function measure(request: Request, lines: number): Promise<number> {
  const startMs = performance.now();
  const line = async (): Promise<void> => {
    for (let done = 0; done < REQUESTS / lines; done += 1) await request();
  };
  await Promise.all(Array.from({ length: lines }, line));
  return ((performance.now() - startMs) * 1e6) / REQUESTS;
}

interface Row {
  readonly what: string;
  readonly peer: string;
  readonly bar: number | undefined;
  readonly lines: number;
  readonly ours: Request;
  readonly theirs: Request;
}

async function compare(row: Row): Promise<readonly string[]> {
  const ours: number[] = [];
  const theirs: number[] = [];
  const ratios: number[] = [];
  for (let round = -3; round < ROUNDS; round += 1) {
    const oursFirst = round % 2 === 0;
    const first = await measure(oursFirst ? row.ours : row.theirs, row.lines);
    const second = await measure(oursFirst ? row.theirs : row.ours, row.lines);
    // The first rounds warm up.
    if (round < 0) continue;
    ours.push(oursFirst ? first : second);
    theirs.push(oursFirst ? second : first);
    ratios.push(oursFirst ? second / first : first / second);
  }
  const ratio = median(ratios);
  const bar = row.bar === undefined ? '' : `${row.bar} ${ratio >= row.bar ? 'held' : 'MISSED'}`;
  const inNs = (values: number[]): string => `${Math.round(median(values))} ns`;
  return [row.what, inNs(ours), `${row.peer} ${inNs(theirs)}`, `${ratio.toFixed(1)}x`, bar];
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function print(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => {
    return Math.max(...rows.map((row) => row[column]?.length ?? 0));
  });
  for (const row of rows) {
    console.log(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  }
}

const { signal } = new AbortController();
const atOnce: Request = async () => 1;
const oneTurn: Request = () => new Promise((resolve) => setImmediate(resolve, 1));
const noop = { ours: guarded(signal, atOnce), lines: 1 };
const turn = { ours: guarded(signal, oneTurn), lines: 50 };
const barred = { peer: 'cockatiel', bar: BAR };

print([
  ['what', 'ours', 'peer', 'ratio', 'bar'],
  await compare({
    ...noop,
    ...barred,
    what: 'no-op, one line, the caller’s signal',
    theirs: withCockatiel(signal, atOnce),
  }),
  await compare({
    ...noop,
    ...barred,
    what: 'no-op, one line, no signal for the peer',
    theirs: withCockatiel(undefined, atOnce),
  }),
  await compare({
    ...turn,
    peer: 'cockatiel',
    bar: undefined,
    what: 'a turn of the event loop, 50 lines',
    theirs: withCockatiel(signal, oneTurn),
  }),
  await compare({
    ...noop,
    peer: 'opossum',
    bar: undefined,
    what: 'no-op, one line',
    theirs: withOpossum(atOnce),
  }),
]);
