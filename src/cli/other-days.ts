/**
 * The days that an outage is compared with: the same campaign without it. A long list is played on
 * another core meanwhile, for a person waits for the answer.
 */
import { Worker } from 'node:worker_threads';
import type { RunSignals } from '../engine/runner.ts';
import type { Outage } from '../sim/outage.ts';
import type { DayAtWork, DayOrder } from './day-worker.ts';
import { type DayFigures, figuresOf } from './outage-price.ts';
import type { SimulatedCampaign } from './simulated-campaign.ts';
import { playCampaign, virtualClock } from './simulated-run.ts';
import type { World } from './world.ts';

/** A thread takes a third of a second to begin: longer than it takes to play fewer contacts. */
const CONTACTS_BESIDE_MIN = 5_000;

/** Plays one day; undefined where it was stopped. */
type Player = (outages: readonly Outage[], day: number) => Promise<DayFigures | undefined>;

export interface OtherDaysParts {
  readonly world: World;
  readonly campaign: SimulatedCampaign;
  readonly seed: number;
  readonly signals: RunSignals;
  /** The outages of each day. */
  readonly days: readonly (readonly Outage[])[];
}

export class OtherDays implements AsyncDisposable {
  readonly #parts: OtherDaysParts;
  readonly #figures: (DayFigures | undefined)[] = [];
  readonly #lost: number[] = [];
  readonly #worker: Worker | undefined;
  readonly #beside: Promise<void>;
  /** The day that is taken next. */
  #next = 0;

  /** Begins at once, where there is another core to play on. */
  constructor(parts: OtherDaysParts) {
    this.#parts = parts;
    const { world, campaign, days } = parts;
    const pays = days.length > 0 && campaign.contacts.length >= CONTACTS_BESIDE_MIN;
    this.#worker = pays && world.cores > 1 ? workerFor(parts) : undefined;
    this.#beside =
      this.#worker === undefined
        ? Promise.resolve()
        : this.#work(besidePlayer(this.#worker, parts.signals.drain), () => true);
    // Whoever asks for the figures is told.
    this.#beside.catch(() => undefined);
  }

  /**
   * What came of each day; undefined of those that nobody needed, or that were stopped.
   *
   * @param isNeeded by the position of the day; those in hand are played to their end
   */
  async figures(isNeeded: (day: number) => boolean): Promise<readonly (DayFigures | undefined)[]> {
    const beside = this.#beside.catch((error: unknown) => {
      if (!(error instanceof BesideFailure)) throw error;
      // What that thread had in hand is played here.
      this.#lost.push(error.day);
    });
    await Promise.all([this.#work(this.#here, isNeeded), beside]);
    for (const day of this.#lost) {
      const outages = this.#parts.days[day];
      if (outages !== undefined && isNeeded(day) && !this.#parts.signals.drain.aborted) {
        this.#figures[day] = await this.#here(outages, day);
      }
    }
    return this.#figures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate();
  }

  async #work(play: Player, isNeeded: (day: number) => boolean): Promise<void> {
    const { days, signals } = this.#parts;
    for (;;) {
      const day = this.#next;
      const outages = days[day];
      if (outages === undefined || signals.drain.aborted) return;
      this.#next += 1;
      if (isNeeded(day)) this.#figures[day] = await play(outages, day);
    }
  }

  readonly #here: Player = async (outages) => {
    const { world, campaign, seed, signals } = this.#parts;
    const clock = virtualClock(world, campaign.startMs);
    const played = await playCampaign(
      world,
      { campaign, outages, seed, signals, isUntold: true },
      clock,
    );
    return signals.drain.aborted ? undefined : figuresOf(played);
  };
}

/**
 * New objects of a thread, in megabytes; Node's own bound is four times as much. Next to nothing of
 * what a day makes lives on, so that more would be memory without use.
 */
const YOUNG_MB = 48;

function workerFor({ campaign, seed }: OtherDaysParts): Worker {
  const workerData: DayAtWork = { campaign, seed };
  const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_MB };
  // Whoever waits for a day is told of it there.
  return new Worker(workerScript(), { workerData, resourceLimits }).on('error', () => undefined);
}

/** Beside this file, in the form that this file has. */
function workerScript(): URL {
  return new URL(
    import.meta.url.endsWith('.ts') ? './day-worker.ts' : './day-worker.js',
    import.meta.url,
  );
}

/** The thread has ended in the middle of a day, for want of memory most likely. */
class BesideFailure extends Error {
  readonly day: number;

  constructor(day: number, cause: unknown) {
    super(`day ${day} was not played to its end beside`, { cause });
    this.day = day;
  }
}

function besidePlayer(worker: Worker, drain: AbortSignal): Player {
  return (outages, day) =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        drain.removeEventListener('abort', stop);
        worker.off('message', onFigures).off('error', onError).off('exit', onExit);
      };
      const onFigures = (figures: DayFigures): void => {
        leave();
        resolve(figures);
      };
      const onError = (error: unknown): void => {
        leave();
        reject(new BesideFailure(day, error));
      };
      const onExit = (): void => {
        leave();
        if (drain.aborted) resolve(undefined);
        else reject(new BesideFailure(day, undefined));
      };
      const stop = (): void => {
        void worker.terminate();
      };
      if (worker.threadId < 0) {
        // It has ended already.
        onExit();
        return;
      }
      drain.addEventListener('abort', stop);
      worker.on('message', onFigures).on('error', onError).on('exit', onExit);
      worker.postMessage({ outages } satisfies DayOrder);
    });
}
