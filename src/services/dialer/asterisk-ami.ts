/**
 * Asterisk through its Manager Interface, for exchanges without ARI. The channel has the call's own
 * id, the dialplan of the exchange plays the file, and how the call ended is what Asterisk says
 * when the channel is gone. The dialplan and what comes out of it: docs/guide/asterisk.md.
 */
import { relative, sep } from 'node:path';
import { ServiceFailure } from '../../domain/failure.ts';
import { callEnd } from '../../domain/hangup-cause.ts';
import type { ReconnectPolicy } from '../../domain/reconnect.ts';
import { type TrunkSigns, TrunkWatch } from '../../domain/trunk-watch.ts';
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
import { AmiLink } from './asterisk/ami-link.ts';
import { type AmiFields, type AmiPacket, isOneLine } from './asterisk/ami-wire.ts';
import { Connection, type KeepAlive } from './asterisk/connection.ts';

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

const NAME = 'asterisk-ami';

const CONNECT_MS = 10_000;
/** From the word that Asterisk stops, or the end of its calls, to that of the connection. */
const STOPPING_MS = 3_000;
/** Until a channel is there, or the word that none came about; it takes milliseconds. */
const MADE_MS = 3_000;
/** A trunk that takes no calls says so at once; ringing comes in the same time, mostly. */
const FIRST_WORD_MS = 4_000;
/** How often it is asked whether a call still stands. */
const LOOK_MS = 15_000;
/** A word about a channel that is gone may come after the answer that it is. */
const LAST_WORD_MS = 1_000;
/** A request that was lost on its way back may still be making its channel. */
const FIND_LOOKS = 3;
/** The call ends by itself so long before it would be given up: its end is known then. */
const END_SLACK_MS = 20_000;
const TALK_S_MIN = 10;

/** Begins to connect at once. */
export function asteriskAmi(settings: AmiSettings, clock: Clock, emit: Emit): AsteriskAmi {
  return new AsteriskAmi(settings, clock, emit);
}

export class AsteriskAmi implements Dialer, AsyncDisposable {
  readonly name = NAME;
  readonly role = 'dialer';
  readonly rings = true;
  readonly speaks = undefined;
  readonly hears = true;
  readonly account: string;
  readonly connection: Connection<AmiLink>;
  readonly #settings: AmiSettings;
  readonly #clock: Clock;
  readonly #calls = new AmiCalls();
  readonly #watch = new TrunkWatch(NAME);
  /** Monotonic: when Asterisk seemed to stop. */
  #doubtedMs = -Infinity;

  constructor(settings: AmiSettings, clock: Clock, emit: Emit) {
    const { host, port, reconnect, keepAlive } = settings;
    this.#settings = settings;
    this.#clock = clock;
    this.account = `${host}:${port}`;
    const login = { ...settings, service: NAME };
    this.connection = new Connection<AmiLink>({
      service: NAME,
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
    this.connection.subscribe(({ name }) => {
      if (name === 'disconnected') this.#watch.lost();
    });
    this.connection.open();
  }

  async probe(signal: AbortSignal): Promise<void> {
    await this.connection.probe(signal);
  }

  async place(request: DialRequest, { signal }: RequestContext): Promise<Placed> {
    const { call: id } = request;
    const fields = this.#originate(request);
    await this.#sureToStay(signal);
    const link = await this.connection.link(signal);
    this.#watch.admit();
    this.#calls.forget(id);
    const call = this.#calls.track(id);
    call.keys = request.answers?.keys ?? '';
    try {
      await this.#send(link, fields, id, signal);
      await this.#untilMade(call, signal);
      await this.#wait(call, FIRST_WORD_MS, hasSpoken, signal);
      const fault = this.#watch.begun(trunkSigns(call), request.contact.phone);
      if (fault !== undefined) throw fault;
    } catch (error) {
      const isOpen = !(error instanceof ServiceFailure) || error.kind === 'unknown';
      // What may have rung is asked about, with what was heard of it.
      if (!isOpen && !signal.aborted) this.#calls.forget(id);
      throw error;
    }
    return { service: NAME, reference: id };
  }

  async follow(
    { reference }: Placed,
    { answers, contact }: DialRequest,
    context: RequestContext,
  ): Promise<Ended> {
    const call = this.#calls.track(reference);
    call.keys = answers?.keys ?? '';
    const stop = tellKey(call, answers);
    try {
      await this.#untilGone(reference, call, context);
      const unplayed = call.wasUp && call.isUnplayed ? `${NAME}: ${UNPLAYED}` : undefined;
      this.#watch.over(trunkSigns(call), contact.phone, unplayed);
      return this.#over(reference, call);
    } finally {
      stop();
    }
  }

  async #untilGone(reference: string, call: AmiCall, context: RequestContext): Promise<void> {
    const { signal } = context;
    while (call.hangup === undefined) {
      const link = await this.#look(reference, call, signal);
      context.heard?.();
      if (link === undefined) {
        await this.#lastWord(call, signal);
        return;
      }
      await this.#untilNews(call, link, context);
      // Whoever has chosen need not wait for the end of the time to do so.
      if (hasChosen(call)) await this.#ringOff(link, reference, signal);
    }
  }

  async find({ call: id }: DialRequest, { signal }: RequestContext): Promise<Found> {
    const call = this.#calls.track(id);
    for (let look = 1; ; look += 1) {
      const link = call.hangup === undefined ? await this.#look(id, call, signal) : undefined;
      if (link !== undefined) {
        return { state: 'placed', placed: { service: NAME, reference: id } };
      }
      if (call.hangup !== undefined || look >= FIND_LOOKS) break;
      await this.#lastWord(call, signal);
    }
    // Heard of while a request of this process was under way, over the connection that it went.
    if (call.wasRefused && !call.wasMade) {
      this.#calls.forget(id);
      return { state: 'absent' };
    }
    const ended = this.#endOf(call);
    this.#calls.forget(id);
    return ended === undefined
      ? { state: 'unknown', detail: `${NAME}: ${UNHEARD}` }
      : { state: 'ended', ended };
  }

  async hangUp({ reference }: Placed, { signal }: RequestContext): Promise<void> {
    this.#calls.forget(reference);
    const link = await this.connection.link(signal);
    await this.#ringOff(link, reference, signal);
  }

  async #ringOff(link: AmiLink, id: string, signal: AbortSignal): Promise<void> {
    const fields: AmiFields = [
      ['Action', 'Hangup'],
      ['Channel', id],
      ['Cause', '16'],
    ];
    const { isSuccess, message } = await link.request(fields, signal);
    if (!isSuccess && !isGone(message)) throw refusal(message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.close();
  }

  // -------------------------------------------------------------------------- placing

  /** Whoever is rung by an Asterisk that stops is rung for nothing, and nobody can tell. */
  async #sureToStay(signal: AbortSignal): Promise<void> {
    const waitMs = this.#doubtedMs + STOPPING_MS - this.#clock.monotonicMs();
    if (waitMs > 0) await this.#clock.sleep(waitMs, signal);
  }

  #originate({ call, contact, audio, answers }: DialRequest): AmiFields {
    const { endpoint, context, extension, callerId, ringMs, variables } = this.#settings;
    if (audio === undefined) throw refused('audio_missing', `${NAME}: there is no audio to play`);
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
      throw refused('line_break', `${NAME}: ${wrong[0]} has a line break in it: ${contact.id}`);
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
      throw new ServiceFailure(`${NAME}: ${message}`, { kind: 'unknown', scope: 'request', code });
    }
    throw refusal(message);
  }

  /**
   * A trunk that does not exist is taken into the queue like any other, and only then refused. It
   * must not use up a list, so that is waited for: nobody was rung.
   */
  async #untilMade(call: AmiCall, signal: AbortSignal): Promise<void> {
    const isKnown = (): boolean => call.wasMade || call.wasRefused;
    await this.#wait(call, MADE_MS, isKnown, signal);
    // The order of events is not to be relied on.
    if (call.wasRefused && !call.wasMade) await this.#wait(call, LAST_WORD_MS, hasRung, signal);
    if (!call.wasRefused || call.wasMade) return;
    const { endpoint } = this.#settings;
    throw new ServiceFailure(
      `${NAME}: Asterisk could make no channel for ${endpoint}: check ` +
        'providers.asterisk-ami.endpoint, and that the trunk is there ("pjsip show endpoints")',
      { kind: 'permanent', scope: 'service', code: 'no_channel' },
    );
  }

  // -------------------------------------------------------------------------- following

  #take(event: AmiPacket): void {
    const call = this.#calls.take(event);
    const isCutOff = event.get('event') === 'Hangup' && call?.hangup?.cause === 0;
    const isStopping = isCutOff || event.get('event') === 'Shutdown';
    if (isStopping) this.#doubtedMs = this.#clock.monotonicMs();
  }

  /**
   * Asks whether the call still stands, over as many connections as it takes; answers the one on
   * which it was found, undefined where there is no such channel.
   */
  async #look(id: string, call: AmiCall, signal: AbortSignal): Promise<AmiLink | undefined> {
    for (;;) {
      const link = await this.connection.connected(signal);
      try {
        return (await this.#stands(link, id, call, signal)) ? link : undefined;
      } catch (error) {
        const isLost = error instanceof ServiceFailure && error.kind !== 'permanent';
        if (!isLost || signal.aborted) throw error;
        await link.lost;
      }
    }
  }

  /** Whether there is a channel with this id, and if so in which state. */
  async #stands(link: AmiLink, id: string, call: AmiCall, signal: AbortSignal): Promise<boolean> {
    const fields: AmiFields = [
      ['Action', 'Status'],
      ['Channel', id],
    ];
    const { isSuccess, message, events } = await link.request(fields, signal, {
      until: 'StatusComplete',
    });
    if (!isSuccess && !isGone(message)) throw refusal(message);
    const status = events.find((event) => isSame(event.get('uniqueid'), id));
    if (status === undefined) return false;
    call.stands(status.get('channelstate') ?? '');
    return true;
  }

  /** Until the call has ended, the connection is lost, or it is time to look. */
  async #untilNews(call: AmiCall, link: AmiLink, context: RequestContext): Promise<void> {
    const unheard = context.heard === undefined ? undefined : call.listen(context.heard);
    const ending = new AbortController();
    const signal = AbortSignal.any([context.signal, ending.signal]);
    try {
      const lost = link.lost.then(() => ending.abort());
      const isNews = (): boolean => call.hangup !== undefined || hasChosen(call);
      const over = this.#wait(call, LOOK_MS, isNews, signal);
      // That the connection is gone ends the wait, and is no failure.
      const news = over.catch(() => undefined);
      await Promise.race([news, lost]);
    } finally {
      ending.abort();
      unheard?.();
    }
    context.signal.throwIfAborted();
  }

  async #lastWord(call: AmiCall, signal: AbortSignal): Promise<void> {
    await this.#wait(call, LAST_WORD_MS, () => call.hangup !== undefined, signal);
  }

  /** Resolves when it is so, and when the time is over; rejects with the signal's reason. */
  #wait(
    call: AmiCall,
    delayMs: number,
    isSo: (call: AmiCall) => boolean,
    signal: AbortSignal,
  ): Promise<void> {
    if (isSo(call)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const end = (): void => {
        cancel();
        stop();
        signal.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        end();
        reject(signal.reason as Error);
      };
      const onTime = (): void => {
        end();
        resolve();
      };
      const stop = call.listen(() => {
        if (isSo(call)) onTime();
      });
      const cancel = this.#clock.after(delayMs, onTime);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Of a call that is gone. Throws where nobody can tell how it ended. */
  #over(id: string, call: AmiCall): Ended {
    const ended = this.#endOf(call);
    this.#calls.forget(id);
    if (ended !== undefined) return ended;
    const known = call.hangup === undefined ? UNHEARD : 'Asterisk does not know how it ended';
    throw refused('end_unknown', `${NAME}: ${known}`);
  }

  #endOf(call: AmiCall): Ended | undefined {
    const end = callEnd(call.signs, call.hangup);
    if (end === undefined) return undefined;
    if (call.wasUp && call.isUnplayed) {
      return { outcome: 'failed', detail: UNPLAYED };
    }
    const details = [
      ...(end.detail === undefined ? [] : [end.detail]),
      ...(call.hangup === undefined ? ['the connection was lost before its end'] : []),
    ];
    return {
      outcome: end.outcome,
      ...(details.length > 0 && { detail: details.join('; ') }),
      ...(call.digit !== undefined && { digit: call.digit }),
    };
  }
}

const UNHEARD = 'there is no such call any more, and nothing was heard of how it ended';
const UNPLAYED =
  `picked up, but Asterisk could not play the audio: check providers.${NAME}.sounds, and that ` +
  'Asterisk may read it';
const DAY_MS = 24 * 3_600_000;

/**
 * The far half of a Local channel gets an id of its own, of which ours is no beginning: Asterisk
 * may take the one for the other;
 * without a codec both halves convert every sound to the highest rate there is.
 */
const LOCAL: AmiFields = [
  ['OtherChannelId', 'far-{call}'],
  ['Codecs', 'ulaw,alaw'],
];

/** The text has been said, and a key was pressed that counts. */
function hasChosen({ digit, wasPlayed, hangup }: AmiCall): boolean {
  return digit !== undefined && wasPlayed && hangup === undefined;
}

/** Tells of a key as soon as it is pressed, once; the answer ends that. */
function tellKey(call: AmiCall, answers: DialRequest['answers']): () => void {
  let told = 0;
  const tell = (): void => {
    // All of them: who presses 1 and then hears of 9 may ask not to be rung again after all.
    for (const key of answers === undefined ? [] : call.pressed.slice(told)) {
      told += 1;
      // Told once more with the end of the call.
      answers?.pressed(key).catch(() => undefined);
    }
  };
  tell();
  return call.listen(tell);
}

function hasRung({ wasMade }: AmiCall): boolean {
  return wasMade;
}

function trunkSigns({ hangup, wasRinging, wasUp }: AmiCall): TrunkSigns {
  return { isOver: hangup !== undefined, hasRung: wasRinging || wasUp, word: hangup };
}

function hasSpoken(call: AmiCall): boolean {
  const { isOver, hasRung: isReached } = trunkSigns(call);
  return isOver || isReached;
}

/** A comma would begin a variable of its own: what stands in a row sets none. */
function asOneValue(value: string): string {
  return value.replace(/[\\",()[\]]/g, '\\$&');
}

function isSame(one: string | undefined, other: string): boolean {
  return one?.toLowerCase() === other.toLowerCase();
}

function isGone(message: string): boolean {
  return /no such channel/i.test(message);
}

/** Asterisk answered that it does not do it: our rights, or a setting. */
function refusal(message: string): ServiceFailure {
  const isDenied = /permission denied|forbidden/i.test(message);
  const hint = isDenied
    ? ': the user needs write = call,originate in manager.conf'
    : ': check providers.asterisk-ami.context, extension and endpoint';
  return new ServiceFailure(`${NAME}: Asterisk refuses: ${message}${hint}`, {
    kind: 'permanent',
    scope: 'service',
    code: isDenied ? 'permission_denied' : 'refused',
  });
}

function refused(code: string, message: string): ServiceFailure {
  return new ServiceFailure(message, { kind: 'permanent', scope: 'request', code });
}
