/**
 * What became of a call, by the cause that Asterisk gives when the channel is gone (Q.850) and the
 * carrier's own answer behind it (SIP). Never by a dial status: that says "no answer" of a number
 * that does not exist, and of every call that was ringing when Asterisk stopped.
 */
import type { Ended } from '../../../engine/ports.ts';

/** The end of a channel. */
export interface HangupWord {
  /** Q.850. 0: Asterisk does not know, most often because it was stopping. */
  readonly cause: number;
  /** The status of the protocol below, such as 486; undefined or 0 where there was none. */
  readonly techCause: number | undefined;
}

type Unanswered = Pick<Ended, 'outcome' | 'detail'>;

const NO_NUMBER: ReadonlyMap<number, string> = new Map([
  [1, 'there is no such number'],
  [22, 'the number has changed'],
  [28, 'the number is not complete, or not written as the carrier wants it'],
]);

/** Nobody was reached, and that is what the far end itself says. */
const NOBODY: ReadonlyMap<number, string> = new Map([
  [18, 'no answer from the telephone'],
  [19, 'nobody answered'],
]);

const FAILED: ReadonlyMap<number, string> = new Map([
  [2, 'no route'],
  [3, 'no route'],
  [16, 'it was ended before an answer'],
  [21, 'it was declined'],
  [26, 'it was taken elsewhere'],
  [27, 'the line is out of order'],
  [34, 'the network is congested'],
  [38, 'the network is out of order'],
  [41, 'the network failed for a moment'],
  [42, 'the network is congested'],
  [44, 'no circuit to be had'],
  [58, 'no common kind of sound'],
]);

/**
 * Of a call that was not answered. Undefined: nobody can tell what became of it.
 *
 * @param hasRung ringing, or the sound of the network, was heard: only then is there a telephone
 *     that nobody picked up. A trunk that is dead ends calls with the same cause.
 */
export function unanswered(word: HangupWord, hasRung: boolean): Unanswered | undefined {
  const { cause } = word;
  const told = (outcome: Unanswered['outcome'], what: string): Unanswered => {
    return { outcome, detail: `${what} (${causeText(word)})` };
  };
  if (cause === 0) return undefined;
  if (cause === 17) return told('busy', 'busy');
  const noNumber = NO_NUMBER.get(cause);
  if (noNumber !== undefined) return told('invalid_number', noNumber);
  if (cause === 20) return told('no_answer', 'switched off, or out of reach');
  const nobody = NOBODY.get(cause);
  if (nobody !== undefined) {
    return hasRung
      ? told('no_answer', nobody)
      : told('failed', 'it never rang: out of reach, or the trunk does not answer');
  }
  return told('failed', FAILED.get(cause) ?? 'it could not be put through');
}

export type TrunkFault = 'refused' | 'congested';

const CONGESTED: ReadonlySet<number> = new Set([34, 38, 41, 42, 44, 47]);

/**
 * Whether the trunk itself is at fault, so that the next call would meet the same. Only of a call
 * that never rang.
 */
export function trunkFault({ cause, techCause }: HangupWord): TrunkFault | undefined {
  if (techCause === 401 || techCause === 407) return 'refused';
  return CONGESTED.has(cause) ? 'congested' : undefined;
}

/** `cause 17, SIP 486`: what an operator can look up. */
export function causeText({ cause, techCause = 0 }: HangupWord): string {
  return techCause === 0 ? `cause ${cause}` : `cause ${cause}, SIP ${techCause}`;
}
