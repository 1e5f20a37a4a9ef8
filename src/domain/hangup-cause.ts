/**
 * What a telephone exchange's word about the end of a call means: its cause by ITU-T Q.850, and
 * what the network said (a SIP status), where it said something.
 */
import type { Outcome } from './words.ts';

/** What was seen of a call. */
export interface CallSigns {
  /** Somebody or something picked up. */
  readonly wasUp: boolean;
  readonly wasRinging: boolean;
  /** What listened to it took it for an answering machine. */
  readonly isMachine: boolean;
}

export interface HangupCause {
  /** Q.850; 0 where the exchange does not know. */
  readonly cause: number;
  /** SIP status; undefined where there was none. */
  readonly techCause?: number | undefined;
}

export interface CallEnd {
  readonly outcome: Exclude<Outcome, 'uncertain' | 'previewed'>;
  readonly detail?: string | undefined;
}

/** Unallocated, number changed, invalid format; and the same in the words of SIP. */
const NO_SUCH_NUMBER: ReadonlySet<number> = new Set([1, 22, 28]);
const NO_SUCH_NUMBER_SIP: ReadonlySet<number> = new Set([404, 410, 484, 604]);
const BUSY = 17;
const NO_ANSWER: ReadonlySet<number> = new Set([18, 19, 20]);
const REJECTED = 21;
const CONGESTION = 34;
const PASSWORD_SIP: ReadonlySet<number> = new Set([401, 407]);

const WORDS: Readonly<Record<number, string>> = {
  3: 'no route to the number',
  16: 'ended before anybody picked up',
  18: 'nobody responds',
  19: 'nobody answers',
  20: 'the phone is switched off or out of reach',
  21: 'declined',
  27: 'the destination is out of order',
  34: 'no free circuit: the network is congested',
  38: 'the network is out of order',
  41: 'a temporary failure of the network',
  42: 'the exchange is congested',
  44: 'the channel is not available',
  58: 'not available',
  127: 'the networks do not understand each other',
};

/** Whether it says that there is no such number. */
export function isNoSuchNumber({ cause, techCause = 0 }: HangupCause): boolean {
  return NO_SUCH_NUMBER.has(cause) || NO_SUCH_NUMBER_SIP.has(techCause);
}

/**
 * What the end of a dialling says, for a channel that is gone without a cause: so it is where a
 * dialplan ends a call by `Busy()` or `Congestion()`. All other words of it mislead: an exchange
 * that stops says NOANSWER of whoever it was ringing.
 */
export function dialCause(status: string): HangupCause | undefined {
  if (status === 'BUSY') return { cause: BUSY };
  return status === 'CONGESTION' ? { cause: CONGESTION } : undefined;
}

/** Undefined where nobody can tell. */
export function callEnd(signs: CallSigns, hangup: HangupCause | undefined): CallEnd | undefined {
  if (signs.wasUp) return { outcome: signs.isMachine ? 'voicemail' : 'answered' };
  if (hangup === undefined || hangup.cause === 0) return undefined;
  const { cause, techCause = 0 } = hangup;
  const said = techCause === 0 ? `cause ${cause}` : `cause ${cause}, SIP ${techCause}`;
  if (cause === BUSY) return { outcome: 'busy' };
  if (isNoSuchNumber(hangup)) {
    return { outcome: 'invalid_number', detail: `there is no such number (${said})` };
  }
  if (cause === REJECTED && PASSWORD_SIP.has(techCause)) {
    return { outcome: 'failed', detail: `the carrier refuses our password (${said})` };
  }
  const words = `${WORDS[cause] ?? 'refused by the network'} (${said})`;
  // Also a carrier that is not there at all ends with 19: nobody answered only where it rang.
  if (NO_ANSWER.has(cause)) {
    return signs.wasRinging
      ? { outcome: 'no_answer' }
      : { outcome: 'failed', detail: `it never rang: ${words}` };
  }
  // Whoever was rung and pressed the red button did not answer.
  const isTurnedDown = signs.wasRinging && (cause === REJECTED || cause === 16);
  return { outcome: isTurnedDown ? 'no_answer' : 'failed', detail: words };
}
