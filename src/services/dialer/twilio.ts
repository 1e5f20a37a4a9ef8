/**
 * Twilio: places calls with the text or the sound's address in the request, and asks until they
 * have ended. No server of our own is needed. What comes out of it: docs/guide/vendors.md.
 *
 * Twilio knows no idempotency key. After a request whose answer is not known, the call is looked
 * for by its numbers and time before anything else is done (docs/decisions/0006-twilio.md).
 */
import { relative, sep } from 'node:path';
import { ServiceFailure } from '../../domain/failure.ts';
import { NumberDesk } from '../../domain/number-desk.ts';
import type {
  Clock,
  Dialer,
  DialRequest,
  Ended,
  Found,
  Http,
  Placed,
  ProbeAnswer,
  RequestContext,
} from '../../engine/ports.ts';
import { urlUnder } from '../http.ts';
import { DOUBTED_MS, endOf, type Others, type Sought, seek } from './twilio-calls.ts';
import { isTwilioCode } from './twilio-errors.ts';
import { NAME, type TwilioAccount, TwilioWire } from './twilio-wire.ts';
import { playTwiml, sayLanguage, sayTwiml, TWIML_CHARACTERS_MAX } from './twiml.ts';

export interface TwilioSettings extends TwilioAccount {
  /** E.164. */
  readonly from: string;
  /** Where the audio folder is published; undefined: Twilio speaks the text itself. */
  readonly audioBaseUrl: string | undefined;
  /** The folder that is published there. Absolute. */
  readonly audioFolder: string;
  readonly machineDetection: boolean;
  /** How long it may ring. */
  readonly ringMs: number;
  /** For a whole call, as long as it is followed. */
  readonly callMs: number;
}

const POLL_MS_MIN = 2_000;
const POLL_MS_MAX = 15_000;
const POLL_FACTOR = 1.5;

/**
 * Absence is proven by two reads, the other so much later than the first, and the first not before
 * this: where Twilio itself answered, or the connection broke, nothing of the request is on its way
 * any more.
 */
const ABSENT_AFTER_MS = 30_000;
const READS_APART_MS = 5_000;

/**
 * Where nothing came back, the request may still sit in this machine's kernel, which goes on
 * sending it when it was given up, and when the process was killed: on Linux for 102 s (eight
 * doublings of 200 ms, `tcp_orphan_retries`) after at most 10 s of connecting. A gateway that
 * answered in Twilio's place may have passed it on, and says nothing of what became of it.
 */
const SILENT_AFTER_MS = 120_000;

/** A clock that was set back by more than this while a call was in doubt tells nothing of it. */
const CLOCK_SLACK_MS = 5_000;

/** Until a number is asked for again that another call is being placed to. */
const DESK_MS = 1_000;

/** The call ends by itself so long before it would be given up: its end is known then. */
const END_SLACK_MS = 20_000;
const TALK_S_MIN = 10;
/** Twilio's own limit. */
const TALK_S_MAX = 14_400;

export function twilio(settings: TwilioSettings, http: Http, clock: Clock): Dialer {
  return new Twilio(settings, http, clock);
}

/** Rejects with the reason where it is not waited for any more. */
type Wait = (delayMs: number) => Promise<void>;

interface Begun {
  /** Monotonic milliseconds. */
  readonly atMs: number;
  /** The same moment by the wall clock. */
  readonly wallMs: number;
  /** So much later no call can come of it any more. */
  readonly absentAfterMs: number;
}

class Twilio implements Dialer {
  readonly name = NAME;
  readonly role = 'dialer';
  readonly rings = true;
  readonly account: string;
  readonly speaks: Dialer['speaks'];
  readonly hears = false;
  readonly #settings: TwilioSettings;
  readonly #wire: TwilioWire;
  readonly #clock: Clock;
  readonly #desk = new NumberDesk();
  /** The attempts of this process whose result is not known, by call. */
  readonly #begun = new Map<string, Begun>();
  /** Whose a sid is, until the journal knows. */
  readonly #owners = new Map<string, string>();
  /** Monotonic begin of this process's own use of it. */
  readonly #openedMs: number;

  constructor(settings: TwilioSettings, http: Http, clock: Clock) {
    const speaks = (language: string): boolean => sayLanguage(language) !== undefined;
    this.speaks = settings.audioBaseUrl === undefined ? speaks : undefined;
    this.account = `${settings.accountSid} at ${settings.baseUrl}`;
    this.#settings = settings;
    this.#wire = new TwilioWire(settings, http, clock);
    this.#clock = clock;
    this.#openedMs = clock.monotonicMs();
  }

  async probe(signal: AbortSignal): Promise<ProbeAnswer> {
    await this.#wire.checkAccount(signal);
    return (await this.#wire.balance(signal)) ?? {};
  }

  async place(request: DialRequest, { signal }: RequestContext): Promise<Placed> {
    const { call } = request;
    const form = this.#formOf(request);
    if (!this.#take(request)) {
      throw numberInUse();
    }
    const begun = { atMs: this.#clock.monotonicMs(), wallMs: this.#clock.wallMs() };
    this.#begun.set(call, { ...begun, absentAfterMs: SILENT_AFTER_MS });
    try {
      const sid = await this.#wire.create(form, signal);
      this.#owners.set(sid, call);
      this.#close(request);
      return { service: NAME, reference: sid };
    } catch (error) {
      // As long as it is in doubt, nobody else is called under this number.
      if (error instanceof ServiceFailure && error.kind !== 'unknown') {
        this.#close(request);
      } else if (!signal.aborted && isOver(error)) {
        this.#begun.set(call, { ...begun, absentAfterMs: ABSENT_AFTER_MS });
      }
      throw error;
    }
  }

  async follow(placed: Placed, request: DialRequest, context: RequestContext): Promise<Ended> {
    const { reference } = placed;
    const { phone } = request.contact;
    const { signal } = context;
    // The journal has it: nobody is followed before.
    this.#owners.delete(reference);
    for (let waitMs = POLL_MS_MIN; ; waitMs = Math.min(POLL_MS_MAX, waitMs * POLL_FACTOR)) {
      await this.#clock.sleep(waitMs, signal);
      const ended = endOf(await this.#wire.call(reference, phone, signal));
      context.heard?.();
      if (ended !== undefined) {
        return ended;
      }
    }
  }

  async find(request: DialRequest, { signal, drain }: RequestContext): Promise<Found> {
    // What nobody can tell yet is asked by the next run as well.
    const either = drain === undefined ? signal : AbortSignal.any([signal, drain]);
    const wait = (delayMs: number): Promise<void> => this.#clock.sleep(delayMs, either);
    while (!this.#take(request)) {
      await wait(DESK_MS);
    }
    try {
      const found = await this.#search(request, signal, wait);
      this.#close(request);
      return found;
    } catch (error) {
      const isAskedAgain =
        error instanceof ServiceFailure &&
        !signal.aborted &&
        !(error.kind === 'permanent' && error.scope === 'request');
      if (!isAskedAgain) {
        this.#close(request);
      }
      throw error;
    }
  }

  async hangUp({ reference }: Placed, { signal }: RequestContext): Promise<void> {
    await this.#wire.end(reference, signal);
  }

  // -------------------------------------------------------------------------- placing

  #formOf(request: DialRequest): Readonly<Record<string, string>> {
    const { from, machineDetection, ringMs, callMs } = this.#settings;
    const talkS = Math.floor((callMs - ringMs - END_SLACK_MS) / 1_000);
    return {
      To: request.contact.phone,
      From: from,
      Twiml: this.#twimlOf(request),
      Timeout: String(Math.max(1, Math.round(ringMs / 1_000))),
      TimeLimit: String(Math.min(TALK_S_MAX, Math.max(TALK_S_MIN, talkS))),
      // A message for a machine begins when its greeting has ended.
      ...(machineDetection && { MachineDetection: 'DetectMessageEnd' }),
    };
  }

  #twimlOf({ text, language, audio }: DialRequest): string {
    const { audioBaseUrl, audioFolder } = this.#settings;
    if (audioBaseUrl === undefined) {
      const spoken = sayLanguage(language);
      if (spoken === undefined) {
        throw refused('no_voice', `${NAME} does not speak ${language}`);
      }
      return fitting(sayTwiml(text, spoken));
    }
    if (audio === undefined) {
      throw refused('audio_missing', `${NAME}: there is no audio to play`);
    }
    const file = relative(audioFolder, audio.path).split(sep).join('/');
    return fitting(playTwiml(urlUnder(audioBaseUrl, `/${file}`)));
  }

  /** Nobody is asked about for longer than a call may last: so long the number is theirs. */
  #take({ call, contact }: DialRequest): boolean {
    const { callMs } = this.#settings;
    const nowMs = this.#clock.monotonicMs();
    return this.#desk.take(contact.phone, call, nowMs, nowMs + (callMs > 0 ? callMs : Infinity));
  }

  /** What became of the request is known, or never will be. */
  #close({ call, contact }: DialRequest): void {
    this.#begun.delete(call);
    this.#desk.leave(contact.phone, call);
  }

  // -------------------------------------------------------------------------- searching

  async #search(request: DialRequest, signal: AbortSignal, wait: Wait): Promise<Found> {
    if (this.#sinceMs(request) < -CLOCK_SLACK_MS) {
      return { state: 'unknown', detail: CLOCK_SET_BACK };
    }
    const absentAfterMs = this.#begun.get(request.call)?.absentAfterMs ?? SILENT_AFTER_MS;
    for (;;) {
      const sinceMs = this.#waitedMs(request);
      const sought = await this.#look(request, signal);
      // Whose a call is that another could claim may come out until absence would.
      if (sought.state !== 'absent' && sought.state !== 'contested') {
        return this.#found(sought, request);
      }
      if (sinceMs >= absentAfterMs) {
        break;
      }
      const untilMs = sinceMs < ABSENT_AFTER_MS ? ABSENT_AFTER_MS : absentAfterMs;
      await wait(untilMs - this.#waitedMs(request));
    }
    await wait(READS_APART_MS);
    return this.#found(await this.#look(request, signal), request);
  }

  async #look(request: DialRequest, signal: AbortSignal): Promise<Sought> {
    const own = this.#begun.get(request.call);
    // Since an earlier process the setting may be another one, and the wall clock as well.
    const from = own === undefined ? undefined : this.#settings.from;
    const numbers = { to: request.contact.phone, from };
    const list = await this.#wire.calls(numbers.to, from, signal);
    // Measured when the answer is there: what it took makes the time looked at rather longer.
    const sinceMs = Math.max(0, this.#sinceMs(request));
    const serverMs = list.serverMs ?? this.#clock.wallMs();
    // What it lags behind by now may be days that it has lost since, switched off.
    const lagMs = Math.max(0, serverMs - this.#clock.wallMs());
    const doubtedMs = own === undefined ? DOUBTED_MS + lagMs : this.#asleepMs(own, serverMs);
    const begun = { begunMs: serverMs - sinceMs, doubtedMs };
    return seek(list, numbers, begun, this.#othersOf(request, serverMs));
  }

  /**
   * By how much longer ago it may have begun than the monotonic clock says: that one stands still
   * while the machine sleeps, and a virtual one that is paused has its wall clock stand still, too.
   */
  #asleepMs({ atMs, wallMs }: Begun, serverMs: number): number {
    const latestMs = Math.max(this.#clock.wallMs(), serverMs);
    return Math.max(0, latestMs - wallMs - (this.#clock.monotonicMs() - atMs));
  }

  #found(sought: Sought, request: DialRequest): Found {
    switch (sought.state) {
      case 'found':
        this.#owners.set(sought.sid, request.call);
        return { state: 'placed', placed: { service: NAME, reference: sought.sid } };
      case 'absent':
        return { state: 'absent' };
      case 'contested':
        return { state: 'unknown', detail: contested(sought.sid) };
      case 'ambiguous':
        return { state: 'unknown', detail: SEVERAL };
    }
  }

  #othersOf({ call, contact, attempts }: DialRequest, serverMs: number): Others {
    return {
      isTheirs: (sid) => {
        const owner = this.#owners.get(sid);
        return owner === undefined ? attempts.isOthers(NAME, sid) : owner !== call;
      },
      begunInDoubtMs: () => {
        const aheadMs = serverMs - this.#clock.wallMs();
        return attempts.othersInDoubt(NAME, contact.phone).map((begunMs) => begunMs + aheadMs);
      },
    };
  }

  /** How long ago it began for certain: of an earlier process's attempt, only since this began. */
  #waitedMs(request: DialRequest): number {
    const sinceMs = Math.max(0, this.#sinceMs(request));
    return this.#begun.has(request.call)
      ? sinceMs
      : Math.min(sinceMs, this.#clock.monotonicMs() - this.#openedMs);
  }

  /** Since the attempt began; by the wall clock where an earlier process began it. */
  #sinceMs({ call, begunMs }: DialRequest): number {
    const begun = this.#begun.get(call);
    return begun === undefined
      ? this.#clock.wallMs() - begunMs
      : this.#clock.monotonicMs() - begun.atMs;
  }
}

const CALL_LOG = 'see its call log (Monitor, Logs, Calls) at console.twilio.com';
const SETTLE = 'then tell what became of it: campaign settle';
const SEVERAL =
  `${NAME} has calls to this number, and no telling whether one of them is this one, ` +
  `or which: ${CALL_LOG}, ${SETTLE}`;
const CLOCK_SET_BACK =
  `the clock of this machine was set back since this call began, so that it cannot be told from ` +
  `others that ${NAME} has: ${CALL_LOG}, ${SETTLE}`;

function contested(sid: string): string {
  return (
    `${NAME} has a call to this number that may be this one, or an earlier one of this or ` +
    `another contact, of which nobody knows either what became: see ${sid} at ` +
    `console.twilio.com, ${SETTLE}`
  );
}

const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** Whether the request has come to its end at Twilio, whatever that was. */
function isOver(error: unknown): boolean {
  const { code = '' } = error instanceof ServiceFailure ? error : {};
  return isTwilioCode(code) || BROKEN.has(code);
}

function fitting(twiml: string): string {
  if (twiml.length > TWIML_CHARACTERS_MAX) {
    throw refused(
      'text_too_long',
      `${NAME} takes texts of ${TWIML_CHARACTERS_MAX} characters with their markup, ` +
        `this one has ${twiml.length}: lower script.max_characters, or set ` +
        'providers.twilio.audio_base_url',
    );
  }
  return twiml;
}

/** Nothing was sent. */
function refused(code: string, message: string): ServiceFailure {
  return new ServiceFailure(message, { kind: 'permanent', scope: 'request', code });
}

/** Nothing was sent: Twilio could not tell the two calls apart. */
function numberInUse(): ServiceFailure {
  const message = `${NAME}: another call to this number is being placed, or is in doubt`;
  const about = { kind: 'transient', scope: 'request', isInTheWay: true } as const;
  return new ServiceFailure(message, { ...about, code: 'number_in_use' });
}
