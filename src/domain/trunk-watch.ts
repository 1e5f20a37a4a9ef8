import { ServiceFailure } from './failure.ts';
import { type HangupCause, isNoSuchNumber } from './hangup-cause.ts';

/** No circuit, no network, a passing failure, congestion: of the trunk, not of the number. */
const CONGESTED: ReadonlySet<number> = new Set([34, 38, 41, 42, 44, 47]);

/**
 * What a call that never rang says of the trunk, where it says that the next one would meet the
 * same: then the list must not be used up on it. Undefined where it is about the number.
 */
export function trunkFault(
  service: string,
  { cause, techCause = 0 }: HangupCause,
): ServiceFailure | undefined {
  const said = saidBy({ cause, techCause });
  if (techCause === 401 || techCause === 407) {
    const message =
      `${service}: the trunk refuses our password (${said}); check its outbound_auth in ` +
      'pjsip.conf, and the user and password there';
    const code = 'trunk_refused';
    return new ServiceFailure(message, { kind: 'permanent', scope: 'service', code });
  }
  if (!CONGESTED.has(cause)) return undefined;
  const message = `${service}: the trunk takes no call (${said}): congested, or out of order`;
  const code = 'trunk_congested';
  return new ServiceFailure(message, { kind: 'transient', scope: 'service', code });
}

/** Two different numbers: one that is always congested has a trouble of its own. */
const CONGESTED_NUMBERS = 2;
/** Some phones are switched off; so many in a row are not. */
const MUTE_NUMBERS = 5;
const NEVER_RINGS = 'never_rings';
/** Whoever picked up heard nothing. */
export const NO_AUDIO = 'no_audio';
/** Old lists have rows of wrong numbers; beyond so many, all of them are wrong to this trunk. */
const WRONG_NUMBERS = 10;
const BUSY = 17;
/** A trunk that takes no calls says so at once; ringing comes in the same time, mostly. */
const FIRST_WORD_MS = 4_000;
/** Of a trunk on which nothing rings any more: until then it has shown that it does. */
const TRIAL_MS = 10_000;

/** What was heard of a call. */
export interface TrunkSigns {
  readonly isOver: boolean;
  /** It rang, or somebody picked up. */
  readonly hasRung: boolean;
  /** Of its end; undefined where there was none. */
  readonly word: HangupCause | undefined;
  /** The text was played. */
  readonly isHeard: boolean;
}

/**
 * What the calls so far say of the next one. A list must not be used up on a trunk that takes no
 * calls, and nobody be rung who would hear nothing.
 */
export class TrunkWatch {
  readonly #service: string;
  /** Numbers that met congestion since somebody was got through to. */
  readonly #congested = new Set<string>();
  /** Numbers that do not exist, as the trunk says, since it knew one. */
  readonly #wrong = new Set<string>();
  /** Numbers that ended without having rung since one did. */
  readonly #mute = new Set<string>();
  /** Numbers that were dialled since that was so of enough of them. */
  readonly #tried = new Set<string>();
  /** Why somebody heard nothing who picked up, since anybody heard the text. */
  #audioFault: string | undefined;
  #doubt: ServiceFailure | undefined;

  constructor(service: string) {
    this.#service = service;
  }

  /**
   * Before anybody is rung. What is wrong is said once; then one call is tried whenever the breaker
   * lets one through.
   *
   * @throws ServiceFailure the next call would meet the same
   */
  admit(phone: string): void {
    const doubt = this.#doubt;
    this.#doubt = undefined;
    if (doubt !== undefined) throw doubt;
    // Its first word may never be asked about: placing it may be given up before.
    if (this.#isMute) this.#tried.add(phone);
  }

  /** How long the first word of a call that was just placed is waited for. */
  get firstWordMs(): number {
    return this.#isMute ? TRIAL_MS : FIRST_WORD_MS;
  }

  get #isMute(): boolean {
    return this.#mute.size >= MUTE_NUMBERS;
  }

  /** The connection was lost: what an exchange ends as it stops says nothing of its trunk. */
  lost(): void {
    this.#mute.clear();
    if (this.#doubt?.code === NEVER_RINGS) this.#doubt = undefined;
  }

  /**
   * The first word of a call that was just placed, or that there was none. Answers the failure of
   * the trunk where the call failed because of it. Of kind `unknown`: the call is still under way,
   * and does not prove yet that what was wrong with others is mended.
   */
  begun(signs: TrunkSigns, phone: string): ServiceFailure | undefined {
    if (this.#isMute) this.#tried.add(phone);
    const audio = this.#audioFault;
    // Whether it is heard shows only later: until then nobody else is rung for nothing.
    const unheard = audio === undefined ? undefined : ofService(audio, NO_AUDIO, 'unknown');
    return this.#trunkFault(signs, phone) ?? unheard;
  }

  #trunkFault({ isOver, hasRung, word }: TrunkSigns, phone: string): ServiceFailure | undefined {
    if (!isOver && !hasRung) return this.#isMute ? this.#neverRings('unknown') : undefined;
    const isRefused = isOver && !hasRung && word !== undefined;
    if (isRefused && isNoSuchNumber(word)) {
      this.#congested.clear();
      return this.#wrongFault(word, phone);
    }
    const fault = isRefused ? trunkFault(this.#service, word) : undefined;
    if (fault === undefined) {
      this.#congested.clear();
      const isMute = isRefused && word.cause !== BUSY && this.#isMute;
      return isMute ? this.#neverRings('permanent', word) : undefined;
    }
    if (fault.kind === 'permanent') return fault;
    if (this.#congested.size < CONGESTED_NUMBERS) this.#congested.add(phone);
    return this.#congested.size < CONGESTED_NUMBERS ? undefined : fault;
  }

  /**
   * The end of a call. `audioFault` says why whoever picked up heard nothing, where it is so: then
   * the answer is the failure that this call met.
   */
  over(signs: TrunkSigns, phone: string, audioFault?: string): ServiceFailure | undefined {
    if (audioFault !== undefined || signs.isHeard) this.#audioFault = audioFault;
    this.#noted(signs, phone);
    return audioFault === undefined ? undefined : ofService(audioFault, NO_AUDIO);
  }

  #noted({ isOver, hasRung, word }: TrunkSigns, phone: string): void {
    if (word !== undefined && isNoSuchNumber(word)) {
      // Somebody looked it up.
      this.#gotThrough(phone);
      this.#doubt = this.#wrongFault(word, phone) ?? this.#doubt;
      return;
    }
    if (hasRung || word?.cause === BUSY) {
      this.#gotThrough(phone);
      this.#wrong.clear();
      return;
    }
    if (!isOver || word === undefined) return;
    // Said once; the calls that try it from then on say themselves what they met.
    if (this.#isMute) return;
    this.#mute.add(phone);
    if (!this.#isMute) return;
    this.#doubt = this.#neverRings('permanent', word);
    this.#tried.clear();
  }

  /** A long call that rang before it all began does not prove that the trunk rings again. */
  #gotThrough(phone: string): void {
    if (!this.#isMute || this.#tried.has(phone)) this.#mute.clear();
  }

  #neverRings(kind: 'permanent' | 'unknown', word?: HangupCause): ServiceFailure {
    const last =
      word === undefined ? 'and this one does not either' : `the last with ${saidBy(word)}`;
    const message =
      `${this.#service}: ${MUTE_NUMBERS} numbers in a row never rang, ${last}; ` +
      `check providers.${this.#service}.endpoint, and the trunk`;
    return ofService(message, NEVER_RINGS, kind);
  }

  #wrongFault(word: HangupCause, phone: string): ServiceFailure | undefined {
    if (this.#wrong.size < WRONG_NUMBERS) this.#wrong.add(phone);
    if (this.#wrong.size < WRONG_NUMBERS) return undefined;
    const message =
      `${this.#service}: ${WRONG_NUMBERS} numbers in a row do not exist, the trunk says ` +
      `(${saidBy(word)}); it may want them in another form, with or without the +: check ` +
      `providers.${this.#service}.endpoint`;
    return ofService(message, 'all_invalid');
  }
}

function saidBy({ cause, techCause = 0 }: HangupCause): string {
  return techCause === 0 ? `cause ${cause}` : `cause ${cause}, SIP ${techCause}`;
}

function ofService(
  message: string,
  code: string,
  kind: 'permanent' | 'unknown' = 'permanent',
): ServiceFailure {
  return new ServiceFailure(message, { kind, scope: 'service', code });
}
