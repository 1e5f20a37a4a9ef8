/**
 * Asterisk through its Manager Interface, for exchanges without ARI. The channel has the call's own
 * id, the dialplan of the exchange plays the file, and how the call ended is what Asterisk says
 * when the channel is gone. The dialplan and what comes out of it: docs/guide/asterisk.md.
 */
import { relative, sep } from 'node:path';
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
  Placed,
  RequestContext,
} from '../../engine/ports.ts';
import { type AmiCall, AmiCalls, originateId } from './asterisk/ami-calls.ts';
import { audioFault, endOf, knownEnd, tellKeys, trunkSigns, UNHEARD } from './asterisk/ami-end.ts';
import { AmiInquiry, LAST_WORD_MS } from './asterisk/ami-inquiry.ts';
import { AmiLink } from './asterisk/ami-link.ts';
import {
  AMI_NAME,
  type AmiFields,
  type AmiPacket,
  amiRefusal,
  isOneLine,
} from './asterisk/ami-wire.ts';
import { Connection, type KeepAlive } from './asterisk/connection.ts';
import { Stopping } from './asterisk/stopping.ts';

export interface AmiSettings {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly events: string;
  /** `PJSIP/{number}@trunk`. */
  readonly endpoint: string;
  readonly context: string;
  readonly extension: string;
  readonly callerId: string | undefined;
  readonly ringMs: number;
  /** For a whole call, as long as it is followed; 0 for no limit. */
  readonly callMs: number;
  readonly machineDetection: boolean;
  /** Channel variables for the dialplan. */
  readonly variables: Readonly<Record<string, string>>;
  /** Where Asterisk finds the audio folder. */
  readonly sounds: string;
  /** The same folder for us. Absolute. */
  readonly audioFolder: string;
  readonly reconnect: ReconnectPolicy;
  readonly keepAlive: KeepAlive;
}

const CONNECT_MS = 10_000;
/** Until a channel is there, or the word that none came about; it takes milliseconds. */
const MADE_MS = 3_000;
/** The call ends by itself so long before it would be given up: its end is known then. */
const END_SLACK_MS = 20_000;
const TALK_S_MIN = 10;

/** Begins to connect at once. */
export function asteriskAmi(settings: AmiSettings, clock: Clock, emit: Emit): AsteriskAmi {
  return new AsteriskAmi(settings, clock, emit);
}

export class AsteriskAmi implements Dialer, AsyncDisposable {
  readonly name = AMI_NAME;
  readonly role = 'dialer';
  readonly rings = true;
  readonly speaks = undefined;
  readonly hears = true;
  readonly account: string;
  readonly connection: Connection<AmiLink>;
  readonly #settings: AmiSettings;
  readonly #clock: Clock;
  readonly #calls: AmiCalls;
  readonly #inquiry: AmiInquiry;
  readonly #watch = new TrunkWatch(AMI_NAME);
  readonly #stopping: Stopping;

  constructor(settings: AmiSettings, clock: Clock, emit: Emit) {
    const { host, port, reconnect, keepAlive } = settings;
    this.#settings = settings;
    this.#clock = clock;
    this.#calls = new AmiCalls(clock);
    this.#stopping = new Stopping(clock);
    this.account = `${host}:${port}`;
    const login = { ...settings, service: AMI_NAME };
    this.connection = new Connection<AmiLink>({
      service: AMI_NAME,
      address: `${host}:${port}`,
      connect: (signal) => {
        return AmiLink.open(login, clock, (event) => this.#take(event), signal);
      },
      clock,
      emit,
      reconnect,
      keepAlive,
      connectMs: CONNECT_MS,
    });
    this.#inquiry = new AmiInquiry(this.connection, clock);
    this.connection.subscribe(({ name }) => {
      if (name !== 'disconnected') return;
      this.#watch.lost();
      this.#calls.missed();
    });
    this.connection.open();
  }

  /** The calls of which anything is remembered. */
  get kept(): number {
    return this.#calls.size;
  }

  async probe(signal: AbortSignal): Promise<void> {
    await this.connection.probe(signal);
  }

  async place(request: DialRequest, { signal, drain }: RequestContext): Promise<Placed> {
    const { call: id } = request;
    const fields = this.#originate(request);
    await this.#stopping.passed(signal);
    const link = await this.connection.link(signal, drain);
    this.#watch.admit(request.contact.phone);
    this.#calls.forget(id);
    const call = this.#calls.track(id);
    call.keys = request.answers?.keys ?? '';
    call.begins();
    try {
      await this.#send(link, fields, id, signal);
      await this.#untilMade(call, signal);
      await call.until(() => hasSpoken(call), this.#clock, this.#watch.firstWordMs, signal);
      const fault = this.#watch.begun(trunkSigns(call), request.contact.phone);
      if (fault !== undefined) throw fault;
    } catch (error) {
      const isOpen = !(error instanceof ServiceFailure) || error.kind === 'unknown';
      // What may have rung is asked about, with what was heard of it.
      if (!isOpen && !signal.aborted) this.#calls.forget(id);
      throw error;
    }
    return { service: AMI_NAME, reference: id };
  }

  async follow(
    { reference }: Placed,
    { answers, contact }: DialRequest,
    context: RequestContext,
  ): Promise<Ended> {
    const call = this.#calls.track(reference);
    call.keys = answers?.keys ?? '';
    const stop = tellKeys(call, answers);
    try {
      await this.#inquiry.untilGone(reference, call, context);
      const fault = this.#watch.over(trunkSigns(call), contact.phone, audioFault(call));
      this.#calls.forget(reference);
      return { ...knownEnd(call), ...(fault !== undefined && { fault }) };
    } finally {
      stop();
    }
  }

  async find({ call: id, contact }: DialRequest, context: RequestContext): Promise<Found> {
    const { signal } = context;
    const call = this.#calls.track(id);
    try {
      if (await this.#inquiry.stands(id, call, context)) {
        return { state: 'placed', placed: { service: AMI_NAME, reference: id } };
      }
    } catch (error) {
      // Given up for good; a question that failed is asked again, with what was heard so far.
      if (signal.aborted) this.#calls.forget(id);
      throw error;
    }
    this.#calls.forget(id);
    // Heard of while a request of this process was under way, over the connection that it went.
    if (call.wasRefused && !call.wasMade) return { state: 'absent' };
    const fault = this.#watch.over(trunkSigns(call), contact.phone, audioFault(call));
    const ended = endOf(call);
    return ended === undefined
      ? { state: 'unknown', detail: `${AMI_NAME}: ${UNHEARD}` }
      : { state: 'ended', ended: { ...ended, ...(fault !== undefined && { fault }) } };
  }

  async hangUp({ reference }: Placed, { signal }: RequestContext): Promise<void> {
    this.#calls.forget(reference);
    await this.#inquiry.hangUp(reference, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.close();
  }

  // -------------------------------------------------------------------------- placing

  #originate({ call, contact, audio, answers }: DialRequest): AmiFields {
    const { endpoint, context, extension, callerId, ringMs, variables } = this.#settings;
    if (audio === undefined)
      throw refused('audio_missing', `${AMI_NAME}: there is no audio to play`);
    const channel = endpoint.replaceAll('{number}', contact.phone);
    const own = {
      CAMPAIGN_CALL: call,
      CAMPAIGN_CONTACT: contact.id,
      CAMPAIGN_AUDIO: this.#soundOf(audio.path),
      CAMPAIGN_AMD: this.#settings.machineDetection ? 'yes' : 'no',
      CAMPAIGN_WAIT: String(Math.ceil((answers?.waitMs ?? 0) / 1_000)),
      // Whatever becomes of us, Asterisk ends the call by itself.
      'TIMEOUT(absolute)': String(this.#talkS()),
      ...variables,
    };
    const isLocal = /^local\//i.test(channel);
    const fields: AmiFields = [
      ['Action', 'Originate'],
      ['Channel', channel],
      ['ChannelId', call],
      ...(isLocal ? LOCAL : []).map(
        ([key, value]) => [key, value.replace('{call}', call)] as const,
      ),
      ['Context', context],
      ['Exten', extension],
      ['Priority', '1'],
      ['Timeout', String(ringMs)],
      ...(callerId === undefined ? [] : [['CallerID', callerId] as const]),
      ['Async', 'true'],
      ...Object.entries(own).map(
        ([name, value]) => ['Variable', `${name}=${asOneValue(value)}`] as const,
      ),
    ];
    const wrong = fields.find(([, value]) => !isOneLine(value));
    if (wrong !== undefined) {
      throw refused('line_break', `${AMI_NAME}: ${wrong[0]} has a line break in it: ${contact.id}`);
    }
    return fields;
  }

  #soundOf(path: string): string {
    const { sounds, audioFolder } = this.#settings;
    const file = relative(audioFolder, path).split(sep).join('/');
    return `${sounds}/${file.replace(/\.wav$/, '')}`;
  }

  #talkS(): number {
    const { callMs, ringMs } = this.#settings;
    const leftMs = callMs > 0 ? callMs - ringMs - END_SLACK_MS : DAY_MS;
    return Math.max(TALK_S_MIN, Math.floor(leftMs / 1_000));
  }

  async #send(link: AmiLink, fields: AmiFields, call: string, signal: AbortSignal): Promise<void> {
    const own = originateId(call);
    const { isSuccess, message } = await link.request(fields, signal, { own });
    if (isSuccess) return;
    if (/exists|in use/i.test(message)) {
      // An earlier request of ours made it.
      const code = 'already_there';
      throw new ServiceFailure(`${AMI_NAME}: ${message}`, {
        kind: 'unknown',
        scope: 'request',
        code,
      });
    }
    throw amiRefusal(message);
  }

  /**
   * A trunk that does not exist is taken into the queue like any other, and only then refused. It
   * must not use up a list, so that is waited for: nobody was rung.
   */
  async #untilMade(call: AmiCall, signal: AbortSignal): Promise<void> {
    const isKnown = (): boolean => call.wasMade || call.wasRefused;
    await call.until(isKnown, this.#clock, MADE_MS, signal);
    // The order of events is not to be relied on.
    const isMade = (): boolean => call.wasMade;
    if (call.wasRefused) await call.until(isMade, this.#clock, LAST_WORD_MS, signal);
    if (!call.wasRefused || call.wasMade) return;
    const { endpoint } = this.#settings;
    throw new ServiceFailure(
      `${AMI_NAME}: Asterisk could make no channel for ${endpoint}: check ` +
        'providers.asterisk-ami.endpoint, and that the trunk is there ("pjsip show endpoints")',
      { kind: 'permanent', scope: 'service', code: 'no_channel' },
    );
  }

  #take(event: AmiPacket): void {
    const call = this.#calls.take(event);
    const isCutOff = event.get('event') === 'Hangup' && call?.hangup?.cause === 0;
    const isStopping = isCutOff || event.get('event') === 'Shutdown';
    if (isStopping) this.#stopping.suspected();
  }
}

const DAY_MS = 24 * 3_600_000;

/**
 * The far half of a Local channel gets an id of its own, of which ours is no beginning: Asterisk
 * may take the one for the other; without a codec both halves convert every sound to
 * the highest rate there is.
 */
const LOCAL: AmiFields = [
  ['OtherChannelId', 'far-{call}'],
  ['Codecs', 'ulaw,alaw'],
];

function hasSpoken(call: AmiCall): boolean {
  const { isOver, hasRung: isReached } = trunkSigns(call);
  return isOver || isReached;
}

/** A comma would begin a variable of its own: what stands in a row sets none. */
function asOneValue(value: string): string {
  return value.replace(/[\\",()[\]]/g, '\\$&');
}

function refused(code: string, message: string): ServiceFailure {
  return new ServiceFailure(message, { kind: 'permanent', scope: 'request', code });
}
