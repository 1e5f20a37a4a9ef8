/** Rows on a virtual clock: runs that come and go over one disk, a sheet that fails. */
import type { CampaignEvent, EventType } from '../../src/domain/event.ts';
import type { OwedRow, RowCell, RowMemory } from '../../src/engine/ports.ts';
import { rowId } from '../../src/observers/sheets/row.ts';
import { RowOutbox, type RowSheet } from '../../src/observers/sheets/row-outbox.ts';
import { MemoryDisk, openMemoryStore } from '../../src/store/memory.ts';
import { VirtualClock } from './virtual-clock.ts';

type Work = 'prepare' | 'append' | 'find';
/** Told before the answer, after the effect; what it throws is the answer. */
type Fate = (work: Work, count: number, signal: AbortSignal) => Promise<void> | void;

export class FakeSheet implements RowSheet {
  readonly rows: (readonly RowCell[])[] = [];
  readonly asked: { readonly work: Work; readonly atMs: number; readonly rows: number }[] = [];
  /** Before it is done: what it throws was not done. */
  before: Fate = () => undefined;
  after: Fate = () => undefined;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  async prepare(signal: AbortSignal): Promise<void> {
    await this.#take('prepare', signal, () => undefined);
  }

  async append(rows: readonly (readonly RowCell[])[], signal: AbortSignal): Promise<void> {
    await this.#take('append', signal, () => this.rows.push(...rows), rows.length);
  }

  async find(ids: ReadonlySet<string>, signal: AbortSignal): Promise<ReadonlySet<string>> {
    await this.#take('find', signal, () => undefined, ids.size);
    return new Set(this.ids.filter((id) => ids.has(id)));
  }

  get ids(): string[] {
    return this.rows.map(rowId);
  }

  times(work: Work): number[] {
    return this.asked.filter((one) => one.work === work).map(({ atMs }) => atMs);
  }

  async #take(work: Work, signal: AbortSignal, effect: () => void, rows = 0): Promise<void> {
    this.asked.push({ work, atMs: this.#clock.monotonicMs(), rows });
    const count = this.times(work).length;
    await this.before(work, count, signal);
    effect();
    await this.after(work, count, signal);
  }
}

export interface SheetRun {
  readonly outbox: RowOutbox;
  readonly memory: RowMemory;
  readonly told: CampaignEvent[];
  /** Rows of these calls, which are durable when it resolves. */
  owe(...calls: readonly string[]): Promise<void>;
  /** Gone, with what was not durable. */
  kill(): void;
  readonly stop: AbortController;
  of<Type extends EventType>(type: Type): Extract<CampaignEvent, { type: Type }>[];
}

export class SheetBench {
  readonly clock = new VirtualClock();
  readonly disk = new MemoryDisk();
  readonly sheet = new FakeSheet(this.clock);
  opened = 0;
  open: () => Promise<RowSheet> = () => Promise.resolve(this.sheet);

  run(campaign = 'spring'): SheetRun {
    const { clock, disk } = this;
    const store = openMemoryStore({ disk, defer: (flush) => clock.defer(flush) });
    const memory = store.rows(campaign);
    const told: CampaignEvent[] = [];
    const stop = new AbortController();
    let isGone = false;
    const outbox = new RowOutbox({
      open: () => {
        this.opened += 1;
        return this.open();
      },
      memory,
      clock,
      random: { fraction: () => 0 },
      emit: (event) => {
        if (!isGone) told.push(event);
      },
      stop: stop.signal,
    });
    return {
      outbox,
      memory,
      told,
      stop,
      owe: async (...calls) => {
        await memory.save({ owed: calls.map((call) => rowOf(call, campaign)) });
        outbox.put();
      },
      kill: () => {
        isGone = true;
        store.kill();
        stop.abort();
        void outbox.close();
      },
      of: <Type extends EventType>(type: Type) =>
        told.filter((event) => event.type === type) as Extract<CampaignEvent, { type: Type }>[],
    };
  }
}

export function rowOf(call: string, campaign = 'spring'): Pick<OwedRow, 'id' | 'cells'> {
  const cells = [call, '2026-03-02T09:00:00.000Z', 'call.finished', campaign];
  return { id: rowId(cells), cells };
}

export function idOf(call: string): string {
  return rowOf(call).id;
}
