/**
 * A whole engine on a virtual clock: the program's own composition, a store in memory, services
 * that do what the test says and remember what they did.
 */

import { composeEngine, type Engine, scriptInForce } from '../../src/cli/compose.ts';
import type { Services } from '../../src/cli/compose-services.ts';
import { parseConfig } from '../../src/cli/config.ts';
import type { Config } from '../../src/cli/settings.ts';
import type { Contact } from '../../src/domain/contact.ts';
import type { CampaignEvent, EventType, RunEnd } from '../../src/domain/event.ts';
import { EventStream } from '../../src/engine/event-stream.ts';
import type {
  AudioFile,
  CallRecord,
  Crm,
  Dialer,
  DialRequest,
  Ended,
  Found,
  Journal,
  Llm,
  Placed,
  RequestContext,
  Script,
  ScriptRequest,
  Speech,
  SpeechRequest,
  Tts,
} from '../../src/engine/ports.ts';
import type { Purse, RunPolicy, RunSignals } from '../../src/engine/runner.ts';
import { MemoryDisk, openMemoryStore } from '../../src/store/memory.ts';
import { VirtualClock } from './virtual-clock.ts';

export const CAMPAIGN = 'spring';

/** What services do; each may throw. `count` is how often it was asked, this time included. */
export interface Behaviour {
  write(request: ScriptRequest, context: RequestContext, count: number): Promise<Script> | Script;
  speak(request: SpeechRequest, context: RequestContext, count: number): Promise<Speech> | Speech;
  /** Called once the phone has rung: what it throws is a lost answer. */
  place(request: DialRequest, context: RequestContext, count: number): Promise<void> | void;
  /** Called before the phone rings: what it throws is a refusal. */
  admit(request: DialRequest, count: number): Promise<void> | void;
  follow(placed: Placed, request: DialRequest, context: RequestContext): Promise<Ended> | Ended;
  /** Called before the call is ended. */
  hangUp?(placed: Placed): void;
  find(request: DialRequest, count: number): Promise<Found> | Found;
  record(record: CallRecord, context: RequestContext, count: number): Promise<void> | void;
  /** The CRM looks up what this answers with, where it is given. */
  lookup?(contact: Contact): Readonly<Record<string, string>>;
}

const WORKS: Behaviour = {
  write: ({ contact }) => ({ text: `Hello ${contact.name ?? contact.id}` }),
  speak: () => ({ wav: new Uint8Array(44) }),
  place: () => undefined,
  admit: () => undefined,
  follow: () => ({ outcome: 'answered' }),
  find: () => ({ state: 'unknown' }),
  record: () => undefined,
};

/** What really happened, as the people and vendors outside saw it. Outlives a crash. */
export class Truth {
  readonly rung: { readonly contact: string; readonly call: string; readonly atMs: number }[] = [];
  readonly hungUp: string[] = [];
  readonly recorded: { readonly contact: string; readonly call: string }[] = [];
  /** Files on disk. */
  readonly audio = new Map<string, AudioFile>();
  readonly counts = { write: 0, speak: 0, admit: 0, find: 0, record: 0 };

  ringsOf(contact: string): number {
    return this.rung.filter((ring) => ring.contact === contact).length;
  }
}

export interface Told {
  readonly atMs: number;
  readonly event: CampaignEvent;
}

export interface EngineBenchOptions {
  /** `CAMPAIGN` where it is left out. */
  readonly campaign?: string;
  readonly config?: string;
  readonly policy?: Partial<RunPolicy>;
  readonly behaviour?: Partial<Behaviour>;
  readonly disk?: MemoryDisk;
  readonly truth?: Truth;
  readonly clock?: VirtualClock;
  readonly rings?: boolean;
  readonly purse?: Purse;
  /** Of the voice; `template` for an account that writes and speaks. */
  readonly voice?: 'flite' | 'template';
  /** In the place of the one that does as the behaviour says. */
  readonly dialers?: readonly Dialer[];
  /** See `Chains.former`. */
  readonly former?: readonly Dialer[];
}

export class EngineBench {
  readonly campaign: string;
  readonly clock: VirtualClock;
  readonly disk: MemoryDisk;
  readonly truth: Truth;
  readonly told: Told[] = [];
  readonly events: EventStream;
  readonly store: ReturnType<typeof openMemoryStore>;
  readonly journal: Journal;
  readonly engine: Engine;
  /** How many contacts need another text than the process before this one wrote. */
  readonly rewritten: number;
  readonly drain = new AbortController();
  readonly stop = new AbortController();

  constructor(options: EngineBenchOptions = {}) {
    this.campaign = options.campaign ?? CAMPAIGN;
    this.clock = options.clock ?? new VirtualClock();
    this.disk = options.disk ?? new MemoryDisk();
    this.truth = options.truth ?? new Truth();
    this.store = openMemoryStore({ defer: (flush) => this.clock.defer(flush), disk: this.disk });
    this.journal = this.store.journal(this.campaign);
    const config = testConfig(options.config ?? '');
    if (options.disk !== undefined) {
      this.store.journal(this.campaign).recover(this.clock.wallMs());
    }
    this.rewritten = this.store.journal(this.campaign).writeBy(scriptInForce(config));
    const events = new EventStream((view, error) => {
      throw new Error(`${view} failed`, { cause: error });
    });
    this.events = events;
    events.listen('test', (event) => {
      this.told.push({ atMs: this.clock.monotonicMs(), event });
    });
    const { lines, onOutage, outageWaitMs } = config.campaign;
    this.engine = composeEngine({
      campaign: this.campaign,
      config,
      policy: {
        lines,
        onOutage,
        outageWaitMs,
        limit: undefined,
        untilMs: undefined,
        ...options.policy,
      },
      purse: options.purse,
      services: fakeServices(this.truth, this.clock, options),
      audio: memoryAudio(this.truth.audio),
      journal: this.journal,
      breakers: this.store.breakers,
      clock: this.clock,
      random: { fraction: () => 0, id: () => crypto.randomUUID() },
      emit: events.emit,
    });
  }

  /** Contacts `c1` to `cN`, on fictitious numbers. */
  add(count: number, language?: string): this {
    const contacts = Array.from({ length: count }, (_, index) => contactOf(index + 1, language));
    this.store.contacts(this.campaign, { sameNumber: 'allow' }).add(contacts);
    return this;
  }

  get signals(): RunSignals {
    return { drain: this.drain.signal, stop: this.stop.signal };
  }

  /** Runs to the end, however long that takes on the clock. */
  run(): Promise<RunEnd> {
    return this.clock.until(this.engine.runner.run(this.signals));
  }

  /** Another process, after this one has gone. */
  next(options: EngineBenchOptions = {}): EngineBench {
    const { disk, truth, clock } = this;
    return new EngineBench({ disk, truth, clock, ...options });
  }

  of<Type extends EventType>(type: Type): Extract<CampaignEvent, { type: Type }>[] {
    return this.told.flatMap(({ event }) =>
      event.type === type ? [event as Extract<CampaignEvent, { type: Type }>] : [],
    );
  }

  timesOf(type: EventType): number[] {
    return this.told.filter(({ event }) => event.type === type).map(({ atMs }) => atMs);
  }

  counts() {
    return this.store.journal(this.campaign).counts();
  }
}

export function contactOf(number: number, language?: string): Contact {
  return {
    id: `c${number}`,
    name: `Contact ${number}`,
    phone: `+1415555${String(100 + (number % 100)).padStart(4, '0')}`,
    language,
    timezone: undefined,
    email: undefined,
    variables: {},
    line: number + 1,
  };
}

function testConfig(text: string): Config {
  const script = 'script: { template: "Hello {{ name }}" }\n';
  const whole = text.startsWith('script:') ? text : script + text;
  return parseConfig(whole, { file: '/config.yml', env: {} });
}

function fakeServices(truth: Truth, clock: VirtualClock, options: EngineBenchOptions): Services {
  const does = { ...WORKS, ...options.behaviour };
  const probe = (): Promise<void> => Promise.resolve();
  const llm: Llm = {
    name: 'template',
    role: 'llm',
    probe,
    write: async (request, context) => does.write(request, context, ++truth.counts.write),
  };
  const tts: Tts = {
    name: options.voice ?? 'flite',
    role: 'tts',
    probe,
    voice: (language) => (language === 'en' ? 'test voice' : undefined),
    speak: async (request, context) => does.speak(request, context, ++truth.counts.speak),
  };
  const dialer: Dialer = {
    name: 'preview',
    role: 'dialer',
    rings: options.rings ?? false,
    speaks: undefined,
    hears: true,
    account: undefined,
    probe,
    place: async (request, context) => {
      const count = ++truth.counts.admit;
      await does.admit(request, count);
      const { contact, call } = request;
      truth.rung.push({ contact: contact.id, call, atMs: clock.monotonicMs() });
      await does.place(request, context, count);
      return { service: 'preview', reference: `at-vendor-${call}` };
    },
    follow: async (placed, request, context) => does.follow(placed, request, context),
    find: async (request) => does.find(request, ++truth.counts.find),
    hangUp: async (placed) => {
      does.hangUp?.(placed);
      truth.hungUp.push(placed.reference);
    },
  };
  const { lookup } = does;
  const crm: Crm = {
    name: 'csv',
    role: 'crm',
    probe,
    ...(lookup !== undefined && {
      properties: Object.keys(lookup(contactOf(0))),
      lookup: async (contact) => lookup(contact),
    }),
    record: async (record, context) => {
      await does.record(record, context, ++truth.counts.record);
      truth.recorded.push({ contact: record.contact.id, call: record.call });
      return {};
    },
  };
  const { dialers = [dialer], former } = options;
  return { llm: [llm], tts: [tts], dialer: dialers, former, crm: [crm] };
}

function memoryAudio(kept: Map<string, AudioFile>) {
  return {
    find: (hash: string) => Promise.resolve(kept.get(hash)),
    keep: (hash: string) => {
      const audio = { hash, path: `/audio/${hash}.wav`, durationMs: 1000 };
      kept.set(hash, audio);
      return Promise.resolve(audio);
    },
  };
}
