import { JournalFailure, OptedOut } from '../domain/failure.ts';
import { isConstraint, WriteRefused } from './store-error.ts';

interface Operation {
  readonly run: () => unknown;
  readonly done: PromiseWithResolvers<unknown> | undefined;
  value: unknown;
  refusal: WriteRefused | OptedOut | undefined;
}

export interface GroupCommitOptions {
  /** Calls `flush` soon, once the lines that are awake have said what they have to say. */
  readonly defer: (flush: () => void) => void;
  /** Runs `work` as one transaction: all of it durable when it returns, nothing if it throws. */
  readonly transaction: (work: () => void) => void;
  /** What a failed transaction is called, for people; undefined where it is a bug. */
  readonly describe: (error: unknown) => string | undefined;
}

/**
 * Many lines, one commit: operations queue up, one flush runs them all in order in one
 * transaction, and only then are they answered. A commit costs the disk some tenths of a
 * millisecond, whatever is in it. A transaction that fails is the end: nobody may go on sending
 * what is not on disk, so every later operation is refused with the same reason.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #queue: Operation[] = [];
  #scheduled = false;
  #failure: Error | undefined;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Resolves with what `run` answered, once durable. Rejects with `JournalFailure`, or the bug. */
  add<Value>(run: () => Value): Promise<Value> {
    if (this.#failure !== undefined) return rejected(this.#failure);
    const done = Promise.withResolvers<unknown>();
    this.#push({ run, done, value: undefined, refusal: undefined });
    return done.promise as Promise<Value>;
  }

  /** Goes with the next commit; nobody is told. What does not fit the tables is left out. */
  note(run: () => void): void {
    if (this.#failure !== undefined) return;
    this.#push({ run, done: undefined, value: undefined, refusal: undefined });
  }

  /** Resolves when everything said so far is durable. Rejects with `JournalFailure`. */
  settled(): Promise<void> {
    if (this.#failure !== undefined) return rejected(this.#failure);
    return this.#queue.length === 0 ? Promise.resolve() : this.add(() => undefined);
  }

  /** Commits what is queued, now. */
  flush(): void {
    this.#scheduled = false;
    const batch = this.#queue;
    if (batch.length === 0) return;
    this.#queue = [];
    try {
      this.#options.transaction(() => {
        for (const operation of batch) attempt(operation);
      });
    } catch (error) {
      this.#fail(batch, error);
      return;
    }
    for (const operation of batch) answer(operation);
  }

  /** Forgets what is queued, as a kill would. Nobody is answered. */
  abandon(): void {
    this.#queue = [];
    this.#failure ??= new JournalFailure('the store is closed');
  }

  #push(operation: Operation): void {
    this.#queue.push(operation);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#options.defer(() => this.flush());
  }

  #fail(batch: readonly Operation[], error: unknown): void {
    const text = this.#options.describe(error);
    // A bug is told as one, and stops everything all the same.
    const bug = error instanceof Error ? error : new Error(String(error));
    const failure = text === undefined ? bug : new JournalFailure(text, error);
    this.#failure = failure;
    for (const { done } of batch) {
      if (done !== undefined) reject(done, failure);
    }
  }
}

function attempt(operation: Operation): void {
  try {
    operation.value = operation.run();
  } catch (error) {
    if (operation.done === undefined && isConstraint(error)) return;
    if (!(error instanceof WriteRefused || error instanceof OptedOut)) throw error;
    operation.refusal = error;
  }
}

function answer({ done, value, refusal }: Operation): void {
  if (done === undefined) return;
  if (refusal === undefined) done.resolve(value);
  else reject(done, refusal);
}

// Whoever does not wait must not bring the process down; whoever waits still gets the rejection.
function reject(done: PromiseWithResolvers<unknown>, error: Error): void {
  done.promise.catch(ignore);
  done.reject(error);
}

function rejected(error: Error): Promise<never> {
  const promise = Promise.reject(error);
  promise.catch(ignore);
  return promise;
}

function ignore(): void {}
