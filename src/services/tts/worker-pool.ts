/**
 * A few worker threads that take requests one at a time, in the order they came.
 */
import { Worker } from 'node:worker_threads';
import { ServiceFailure } from '../../domain/failure.ts';

export interface WorkerPoolSettings {
  /** The script: gets a request as a message and sends back one answer. */
  readonly script: URL;
  readonly workers: number;
  /** Who is blamed when a worker dies. */
  readonly service: string;
}

interface Job<Request, Answer> {
  readonly request: Request;
  readonly signal: AbortSignal;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
  onAbort: () => void;
}

interface Seat<Request, Answer> {
  readonly worker: Worker;
  job: Job<Request, Answer> | undefined;
}

/** Workers begin with the first request, and do not keep a process alive that has nothing to do. */
export class WorkerPool<Request, Answer> implements AsyncDisposable {
  readonly #settings: WorkerPoolSettings;
  readonly #queue: Job<Request, Answer>[] = [];
  readonly #seats = new Set<Seat<Request, Answer>>();
  #closed = false;

  constructor(settings: WorkerPoolSettings) {
    this.#settings = settings;
  }

  /**
   * Rejects with the signal's reason as soon as that aborts: a request that waits leaves the queue,
   * and the worker of one that runs is ended, for nobody can tell whether it would ever finish.
   * Rejects with a transient `ServiceFailure` when the worker dies; the next request gets another.
   */
  run(request: Request, signal: AbortSignal): Promise<Answer> {
    if (this.#closed) {
      return Promise.reject(this.#failure('closed', 'is closed'));
    }
    if (signal.aborted) {
      return Promise.reject(signal.reason as Error);
    }
    return new Promise((resolve, reject) => {
      const job: Job<Request, Answer> = { request, signal, resolve, reject, onAbort: () => {} };
      job.onAbort = () => {
        this.#abandon(job);
      };
      signal.addEventListener('abort', job.onAbort, { once: true });
      this.#queue.push(job);
      this.#dispatch();
    });
  }

  /** Whether requests wait for a free worker. */
  get isCrowded(): boolean {
    return this.#queue.length > 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const seats = [...this.#seats];
    this.#seats.clear();
    for (const job of [...this.#queue.splice(0), ...seats.map((seat) => seat.job)]) {
      this.#leave(job)?.reject(this.#failure('closed', 'was closed'));
    }
    await Promise.all(seats.map((seat) => seat.worker.terminate()));
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const seat = this.#freeSeat();
      if (seat === undefined) {
        return;
      }
      const job = this.#queue.shift() as Job<Request, Answer>;
      seat.job = job;
      seat.worker.ref();
      seat.worker.postMessage(job.request);
    }
  }

  #freeSeat(): Seat<Request, Answer> | undefined {
    for (const seat of this.#seats) {
      if (seat.job === undefined) {
        return seat;
      }
    }
    return this.#seats.size < this.#settings.workers ? this.#newSeat() : undefined;
  }

  #newSeat(): Seat<Request, Answer> {
    // That node:wasi is experimental is nothing an operator can do something about.
    const execArgv = ['--disable-warning=ExperimentalWarning'];
    const worker = new Worker(this.#settings.script, { execArgv });
    const seat: Seat<Request, Answer> = { worker, job: undefined };
    worker.on('message', (answer: Answer) => {
      const job = this.#leave(seat.job);
      seat.job = undefined;
      worker.unref();
      job?.resolve(answer);
      this.#dispatch();
    });
    worker.on('error', (error) => {
      this.#lose(seat, error);
    });
    worker.on('exit', (code) => {
      this.#lose(seat, new Error(`the worker ended with code ${code}`));
    });
    this.#seats.add(seat);
    return seat;
  }

  /** The worker is gone, and with it what it worked on. Said twice where it broke down. */
  #lose(seat: Seat<Request, Answer>, cause: Error): void {
    this.#seats.delete(seat);
    this.#leave(seat.job)?.reject(this.#failure('worker_died', `died: ${cause.message}`, cause));
    this.#dispatch();
  }

  #abandon(job: Job<Request, Answer>): void {
    const place = this.#queue.indexOf(job);
    if (place >= 0) {
      this.#queue.splice(place, 1);
    }
    for (const seat of this.#seats) {
      if (seat.job === job) {
        this.#seats.delete(seat);
        void seat.worker.terminate();
      }
    }
    job.reject(job.signal.reason);
    this.#dispatch();
  }

  /** The job is out of the pool's hands: its signal is not listened to any more. */
  #leave(job: Job<Request, Answer> | undefined): Job<Request, Answer> | undefined {
    job?.signal.removeEventListener('abort', job.onAbort);
    return job;
  }

  #failure(code: string, what: string, cause?: Error): ServiceFailure {
    const message = `${this.#settings.service}: the voice ${what}`;
    return new ServiceFailure(message, { kind: 'transient', scope: 'service', code, cause });
  }
}
