/**
 * Time, chance, the machine and the network, as the engine is handed them.
 */
import type { CampaignEvent } from '../../domain/event.ts';
import type { HttpResponse } from '../../domain/http-failure.ts';

/** Time. Monotonic for intervals, wall clock for people and files; both in milliseconds. */
export interface Clock {
  /** Milliseconds since the epoch. May jump. */
  wallMs(): number;
  /** Milliseconds since an arbitrary start. Never goes back. */
  monotonicMs(): number;
  /** Runs `wake` once after `delayMs` (any length); the answer cancels it. */
  after(delayMs: number, wake: () => void): () => void;
  /** Resolves after `delayMs`; rejects with the signal's reason as soon as that aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

export interface RandomSource {
  /** Uniform in [0, 1). */
  fraction(): number;
  /** A UUID. */
  id(): string;
}

/** Takes an event. Never throws, whatever its listeners do. */
export type Emit = (event: CampaignEvent) => void;

/** The disk that a folder is on. */
export interface DiskFigures {
  /** What is kept there: `store`, `output`; of several on one disk, the first. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  /** For whoever is not root. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** The machine that the program runs on, and what the program takes of it. */
export interface HostFigures {
  /**
   * Of all the processors that we may use, since the reading before (the first: since the reader
   * was made); 0 to 1. The machine's, or our own where a container has less than the machine.
   */
  readonly cpuShare: number;
  /** What the process has of the memory that `memoryLimitBytes` is about. */
  readonly memoryBytes: number;
  /** The limit that is nearest: beyond it the process is ended. */
  readonly memoryLimitBytes: number;
  /** Which limit that is: of Node's heap, of the container, or all the memory there is. */
  readonly memoryLimitOf: 'heap' | 'container' | 'machine';
  /** Of the whole machine. */
  readonly hostMemoryFreeBytes: number;
  readonly hostMemoryTotalBytes: number;
  /** Processes that ran or waited to, on average over 1, 5 and 15 minutes; 0 on Windows. */
  readonly load1: number;
  readonly load5: number;
  readonly load15: number;
  /** Each disk once; one that cannot be asked is left out. */
  readonly disks: readonly DiskFigures[];
  /** Of all interfaces but loopback, since the machine started; undefined where not known. */
  readonly networkReceivedBytes?: number | undefined;
  readonly networkSentBytes?: number | undefined;
}

/** Has its own reading before, so each user of the figures has a reader of their own. */
export interface HostReader {
  /** Never rejects: what cannot be found out is left out. */
  read(): Promise<HostFigures>;
}

/** One request over HTTP. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute. May hold secrets, so nobody shows more of it than the host. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Uint8Array | undefined;
  /** The only deadline there is. */
  readonly signal: AbortSignal;
  /** Doing it twice is the same as doing it once. */
  readonly idempotent: boolean;
  /** A longer answer is a failure; 1 MB where it is left out. */
  readonly bytesMax?: number | undefined;
  /** The status says all: what is longer is cut, and no failure. */
  readonly cutsAnswer?: boolean | undefined;
  /** The key of config.yml that the address is from, for whoever has to mend it. */
  readonly setting?: string | undefined;
}

export type { HttpResponse };

/** The one way to the network, for services, channels and observers alike. */
export interface Http {
  /**
   * Rejects with the signal's reason when that aborts; with `ServiceFailure` where there is no
   * whole answer: `transient` where the request never left or may be repeated, else `unknown`.
   */
  send(request: HttpRequest): Promise<HttpResponse>;
}
