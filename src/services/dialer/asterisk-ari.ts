/**
 * Calls through an Asterisk of one's own, by its REST Interface: rings, plays the audio, hears keys
 * and machines, and knows how each call ended. How it is set up: docs/guide/asterisk.md; why it is
 * so: docs/decisions/0009-asterisk-ari.md.
 */
import { createHash } from 'node:crypto';
import { ServiceFailure } from '../../domain/failure.ts';
import type { ReconnectPolicy } from '../../domain/reconnect.ts';
import { TrunkWatch } from '../../domain/trunk-watch.ts';
import type {
  Clock,
  Dialer,
  DialRequest,
  Emit,
  Ended,
  Found,
  Http,
  KeptConnection,
  Placed,
  ProbeAnswer,
  RequestContext,
} from '../../engine/ports.ts';
import {
  AriCall,
  type AriCallSettings,
  FIRST_STEP_MS,
  type Sound,
  servedMsMax,
} from './asterisk/ari-call.ts';
import type { AriEvent } from './asterisk/ari-events.ts';
import { connectAri } from './asterisk/ari-link.ts';
import { ARI_NAME, type AriAccount, AriWire } from './asterisk/ari-wire.ts';
import { type AudioSettings, type AudioSource, audioSource } from './asterisk/audio-source.ts';
import { Connection, type KeepAlive, type Link } from './asterisk/connection.ts';
import { Stopping } from './asterisk/stopping.ts';

export interface AriSettings extends AriAccount, AriCallSettings {
  /** `PJSIP/{number}@trunk`; `{number}` is the number with its +, `{digits}` without. */
  readonly endpoint: string;
  readonly callerId: string | undefined;
  readonly ringMs: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly audio: AudioSettings;
  /** The audio folder as we see it; absolute. */
  readonly audioFolder: string;
  readonly reconnect: ReconnectPolicy;
  readonly keepAlive: KeepAlive;
}

/** Until its connection is made and Asterisk has booted, one try may take so long. */
const CONNECT_MS_MAX = 10_000;
/** Between two questions about calls, where the first one was not answered. */
const LOOK_AGAIN_MS = 2_000;
/** An Asterisk that has just come back has enough to do. */
const LOOKS_AT_ONCE = 10;
/** How often whoever follows a call is told that it goes on. */
const HEARD_MS = 10_000;
/** So many calls are listened to whose end was given up. */
const LATE_MAX = 100;
/** Our own limit on a call, beyond what Asterisk's own limit allows. */
const LIFE_SLACK_MS = 10_000;

export interface AriDialer extends Dialer, AsyncDisposable {
  readonly connection: KeptConnection;
  /** The calls of which anything is remembered. */
  readonly kept: number;
}

export function asteriskAri(
  settings: AriSettings,
  http: Http,
  clock: Clock,
  emit: Emit,
): AriDialer {
  return new AsteriskAri(settings, http, clock, emit);
}

/**
 * Whoever registers for an application takes its events from whoever had them: each campaign, of
 * which one run goes on at a time, has its own. A dialplan gets it as an extension.
 */
export function ownApp(app: string, campaign: string): string {
  const plain = campaign.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, NAME_LENGTH_MAX);
  if (plain === campaign) return `${app}-${plain}`;
  const hash = createHash('sha256').update(campaign, 'utf8').digest('hex').slice(0, 8);
  return `${app}-${plain.slice(0, NAME_LENGTH_MAX - 9)}-${hash}`;
}

/** An extension has 79 characters at most. */
const NAME_LENGTH_MAX = 38;

class AsteriskAri implements AriDialer {
  readonly name = ARI_NAME;
  readonly role = 'dialer';
  readonly rings = true;
  readonly speaks = undefined;
  readonly hears = true;
  readonly account: string;
  readonly connection: Connection<Link>;
  readonly #settings: AriSettings;
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #wire: AriWire;
  readonly #audio: AudioSource;
  readonly #calls = new Map<string, AriCall>();
  /** Over for us, while Asterisk has not said so. */
  readonly #late = new Map<string, AriCall>();
  readonly #life = new AbortController();
  readonly #stopping: Stopping;
  readonly #watch = new TrunkWatch(ARI_NAME);
  /** Calls of which Asterisk may not know yet: that it does not is no end of them. */
  readonly #placing = new Set<string>();
  #isUndetectedTold = false;
  /** Ends with the connection under which the open calls are looked at. */
  #looking: AbortController | undefined;

  constructor(settings: AriSettings, http: Http, clock: Clock, emit: Emit) {
    this.account = `${settings.app} at ${settings.url}`;
    this.#settings = settings;
    this.#clock = clock;
    this.#emit = emit;
    this.#stopping = new Stopping(clock);
    this.#wire = new AriWire(settings, http, clock);
    this.#audio = audioSource(settings.audio, settings.audioFolder);
    const parts = { wire: this.#wire, take: this.#take, clock, life: this.#life.signal };
    this.connection = new Connection({
      service: ARI_NAME,
      address: URL.parse(settings.url)?.host ?? settings.url,
      connect: (signal) => connectAri(settings, parts, signal),
      clock,
      emit,
      reconnect: settings.reconnect,
      keepAlive: settings.keepAlive,
      connectMs: CONNECT_MS_MAX,
    });
    this.connection.subscribe(({ name }) => {
      if (name === 'connected') {
        this.#wire.connected();
        void this.#lookAgain();
      }
      if (name === 'disconnected') {
        this.#looking?.abort();
        this.#watch.lost();
        for (const call of this.#calls.values()) call.missed();
      }
    });
  }

  get kept(): number {
    return this.#calls.size;
  }

  async probe(signal: AbortSignal): Promise<ProbeAnswer> {
    this.connection.open();
    await this.connection.probe(signal);
    const version = await this.#wire.info(signal);
    await this.#wire.mayWrite(signal);
    return { detail: version === '' ? undefined : `Asterisk ${version.split('+')[0]}` };
  }

  async place(request: DialRequest, context: RequestContext): Promise<Placed> {
    const { signal, drain } = context;
    const sound = await this.#soundOf(request);
    if (sound === undefined) throw refused('audio_missing', 'there is no audio to play');
    this.connection.open();
    await this.#stopping.passed(signal);
    await this.connection.link(signal, drain);
    await this.#wire.ready(request.call, signal);
    this.#watch.admit(request.contact.phone);
    const call = this.#callOf(request, sound);
    this.#calls.set(call.id, call);
    this.#placing.add(call.id);
    try {
      const isNew = await this.#wire.originate(this.#originate(request, context), signal);
      // Placed by an earlier request of the same call, whose answer was lost.
      if (!isNew) await this.#look(call, signal).catch(placedAlready);
    } catch (error) {
      const isUnknown = !(error instanceof ServiceFailure) || error.kind === 'unknown';
      if (!isUnknown && !signal.aborted) this.#calls.delete(call.id);
      throw error;
    } finally {
      this.#placing.delete(call.id);
    }
    await call.firstWord(this.#watch.firstWordMs, signal);
    const fault = this.#watch.begun(call, request.contact.phone);
    if (fault !== undefined) {
      if (fault.kind !== 'unknown') this.#calls.delete(call.id);
      throw fault;
    }
    return { service: ARI_NAME, reference: call.id };
  }

  async follow(placed: Placed, request: DialRequest, context: RequestContext): Promise<Ended> {
    const call = await this.#known({ ...request, call: placed.reference }, context);
    const end = await this.#endOf(call, request, context);
    this.#leave(call);
    const fault = this.#watch.over(call, request.contact.phone, call.audioFault);
    if (end.type === 'ended') return { ...end.ended, ...(fault !== undefined && { fault }) };
    throw refused('call_lost', end.detail);
  }

  async find(request: DialRequest, context: RequestContext): Promise<Found> {
    const call = await this.#known(request, context);
    if (!call.isOver) {
      return { state: 'placed', placed: { service: ARI_NAME, reference: call.id } };
    }
    this.#calls.delete(call.id);
    const fault = this.#watch.over(call, request.contact.phone, call.audioFault);
    const end = await call.end;
    return end.type === 'ended'
      ? { state: 'ended', ended: { ...end.ended, ...(fault !== undefined && { fault }) } }
      : { state: 'unknown', detail: end.detail };
  }

  async hangUp({ reference }: Placed, { signal }: RequestContext): Promise<void> {
    const call = this.#calls.get(reference);
    // Nobody follows it any more; what is still under way for it ends with its channel.
    void call?.end.then(() => this.#calls.delete(reference));
    const isThere = await this.#wire.hangUp(reference, signal, true);
    if (!isThere) await call?.foundAgain(undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort(new ServiceFailure(`${ARI_NAME}: the program ends`, CLOSED));
    await this.connection.close();
    await this.#audio[Symbol.asyncDispose]();
  }

  // -------------------------------------------------------------------------- placing

  async #soundOf({ audio }: DialRequest): Promise<Sound | undefined> {
    if (audio === undefined) return undefined;
    return { media: await this.#audio.media(audio), durationMs: audio.durationMs };
  }

  #callOf(request: DialRequest, sound: Sound | undefined): AriCall {
    return new AriCall({
      id: request.call,
      settings: this.#settings,
      wire: this.#wire,
      clock: this.#clock,
      sound,
      answers: request.answers,
      undetected: this.#tellUndetected,
      life: this.#life.signal,
    });
  }

  /** Once a run. */
  readonly #tellUndetected = (): void => {
    if (this.#isUndetectedTold) return;
    this.#isUndetectedTold = true;
    const { machineContext, app } = this.#settings;
    const message =
      `${ARI_NAME}: nobody listens for machines: Asterisk's dialplan has no extension ${app} in ` +
      `the context ${machineContext}; everybody who picks up is told the text at once. Add it ` +
      `to extensions.conf, or set providers.${ARI_NAME}.machine_detection to off`;
    const code = 'no_machine_dialplan';
    this.#emit({ type: 'notice', level: 'warn', code, message });
  };

  #originate({ call, contact }: DialRequest, { campaign }: RequestContext) {
    const { endpoint, callerId, ringMs, variables } = this.#settings;
    const { phone } = contact;
    return {
      channel: call,
      endpoint: endpoint.replaceAll('{number}', phone).replaceAll('{digits}', phone.slice(1)),
      callerId,
      ringMs,
      variables: {
        ...variables,
        CAMPAIGN_ID: campaign,
        CAMPAIGN_CALL: call,
        CAMPAIGN_CONTACT: contact.id,
        // Asterisk itself ends it then, whatever becomes of us.
        'TIMEOUT(absolute)': String(Math.ceil((ringMs + FIRST_STEP_MS) / 1_000)),
      },
    };
  }

  // -------------------------------------------------------------------------- following

  readonly #take = (event: AriEvent): void => {
    if (event.type === 'replaced') return;
    const call = this.#calls.get(event.channel) ?? this.#late.get(event.channel);
    call?.take(event);
    if (event.type !== 'gone') return;
    if ((call?.word ?? event.word).cause === 0) this.#stopping.suspected();
    this.#late.delete(event.channel);
  };

  /** One of whose end nothing was heard may still have a key to tell. */
  #leave(call: AriCall): void {
    this.#calls.delete(call.id);
    if (call.word !== undefined) return;
    this.#late.set(call.id, call);
    const [oldest] = this.#late.keys();
    if (this.#late.size > LATE_MAX && oldest !== undefined) this.#late.delete(oldest);
  }

  /** The call as we know it; one that an earlier process placed is taken back under control. */
  async #known(request: DialRequest, { signal, drain }: RequestContext): Promise<AriCall> {
    const known = this.#calls.get(request.call);
    if (known?.isOver === true) return known;
    this.connection.open();
    await this.connection.connected(signal, drain);
    const call = known ?? (await this.#earlier(request));
    this.#calls.set(call.id, call);
    await this.#look(call, signal);
    return call;
  }

  async #earlier(request: DialRequest): Promise<AriCall> {
    const call = this.#callOf(request, await this.#soundOf(request));
    call.missed();
    return call;
  }

  async #look(call: AriCall, signal: AbortSignal): Promise<void> {
    const channel = await this.#wire.channel(call.id, signal);
    await call.foundAgain(channel);
  }

  /** Bounded by Asterisk's own limit on the call, and by ours behind it. */
  async #endOf(call: AriCall, { answers, audio }: DialRequest, context: RequestContext) {
    const { signal, heard } = context;
    const served = servedMsMax(audio?.durationMs ?? 0, answers?.waitMs ?? 0, this.#settings);
    const endsMs = this.#clock.monotonicMs() + this.#settings.ringMs + served + LIFE_SLACK_MS;
    for (;;) {
      const waiting = new AbortController();
      const pause = this.#clock
        .sleep(HEARD_MS, AbortSignal.any([signal, waiting.signal]))
        .then(() => undefined);
      try {
        const end = await Promise.race([call.end, pause]);
        if (end !== undefined) return end;
      } finally {
        waiting.abort();
        pause.catch(() => undefined);
      }
      const isConnected = this.connection.state.name === 'connected';
      if (isConnected) heard?.();
      if (this.#clock.monotonicMs() < endsMs) continue;
      const detail = `nothing was heard of its end for ${Math.round(served / 1_000)} s`;
      return { type: 'lost', detail } as const;
    }
  }

  /** What happened while we were not connected is told to nobody: every open call is looked at. */
  async #lookAgain(): Promise<void> {
    this.#looking = new AbortController();
    const signal = AbortSignal.any([this.#looking.signal, this.#life.signal]);
    const isOpen = ({ id, isOver }: AriCall): boolean => !isOver && !this.#placing.has(id);
    let open = [...this.#calls.values()].filter(isOpen);
    while (open.length > 0 && !signal.aborted) {
      open = await this.#unseen(open, signal);
      if (open.length > 0) await this.#clock.sleep(LOOK_AGAIN_MS, signal).catch(() => undefined);
      open = open.filter((call) => !call.isOver && this.#calls.get(call.id) === call);
    }
  }

  /** Answers the calls that could not be looked at. Never rejects. */
  async #unseen(open: readonly AriCall[], signal: AbortSignal): Promise<AriCall[]> {
    let there: ReadonlySet<string>;
    try {
      there = await this.#wire.channels(signal);
    } catch {
      return [...open];
    }
    const gone = open.filter(({ id }) => !there.has(id));
    const ends = Promise.all(gone.map((call) => call.foundAgain(undefined)));
    const left = open.filter(({ id }) => there.has(id));
    const unseen: AriCall[] = [];
    while (left.length > 0) {
      const some = left.splice(0, LOOKS_AT_ONCE);
      const looks = await Promise.allSettled(some.map((call) => this.#look(call, signal)));
      unseen.push(...some.filter((_, index) => looks[index]?.status === 'rejected'));
    }
    await ends;
    return unseen;
  }
}

const CLOSED = { kind: 'transient', scope: 'service', code: 'not_connected' } as const;

/** The call stands, whatever came of the question about it: it must not count as not made. */
function placedAlready(error: unknown): never {
  if (!(error instanceof ServiceFailure)) throw error;
  const { message, scope, code, status, cause } = error;
  throw new ServiceFailure(message, { kind: 'unknown', scope, code, status, cause });
}

/** About this one call; no other one would meet the same. */
function refused(code: string, what: string): ServiceFailure {
  return new ServiceFailure(`${ARI_NAME}: ${what}`, { kind: 'permanent', scope: 'request', code });
}
