/**
 * What has become of a call, from all that was heard of it.
 */
import { callEnd, type HangupCause } from '../../../domain/hangup-cause.ts';
import type { Ended } from '../../../engine/ports.ts';
import {
  HUNG_UP_BEFORE,
  HUNG_UP_DURING,
  LACKS_KEY,
  LOST_BEFORE_END,
  UNKNOWN_LENGTH,
} from './end-text.ts';

export type AriEnd =
  | { readonly type: 'ended'; readonly ended: Ended }
  /** The channel is gone, and nobody can tell what became of the call. */
  | { readonly type: 'lost'; readonly detail: string };

/** How much of the message was played; `unknown` where its end was waited for in vain. */
export type Message = 'none' | 'begun' | 'whole' | 'cut' | 'unknown';

export interface AriSigns {
  /** From the answer to the end; undefined where nobody picked up. */
  readonly upMs: number | undefined;
  readonly hasRung: boolean;
  readonly isMachine: boolean;
  readonly message: Message;
  readonly digit: string | undefined;
  /** Why whoever picked up heard nothing, where it is so. */
  readonly unheard: string | undefined;
  /** It was hung up by us. */
  readonly isClosed: boolean;
  /** While it was up, nobody of ours listened for a while. */
  readonly wasUnheard: boolean;
  /** The script asks for a key. */
  readonly asksKey: boolean;
  /** That nothing is said to a machine is how it is set up. */
  readonly leavesNothing: boolean;
  /** Of the far end. */
  readonly word: HangupCause | undefined;
}

export function ariEnd(signs: AriSigns): AriEnd {
  const { upMs, hasRung, isMachine, message, digit, unheard, isClosed, word } = signs;
  const wasUp = upMs !== undefined;
  const isCertain = isClosed || message === 'whole' || digit !== undefined;
  if (wasUp && !isCertain && (word?.cause ?? 0) === 0) {
    const detail = 'it was answered, and Asterisk was lost before the message was over';
    return { type: 'lost', detail };
  }
  const end = callEnd({ wasUp, wasRinging: hasRung, isMachine }, word);
  if (end === undefined) {
    return { type: 'lost', detail: 'the channel is gone, and Asterisk does not know why' };
  }
  if (!wasUp) return { type: 'ended', ended: end };
  const usage = { seconds: Math.ceil(upMs / 1_000) };
  const ended: Ended =
    unheard === undefined
      ? { ...end, detail: heardText(signs), usage, digit }
      : { outcome: 'failed', detail: unheard, usage };
  return { type: 'ended', ended };
}

function heardText(signs: AriSigns): string | undefined {
  const { isMachine, isClosed, wasUnheard, asksKey, word } = signs;
  const texts = [
    messageText(signs),
    ...(word === undefined && !isClosed ? [LOST_BEFORE_END] : []),
    ...(wasUnheard && asksKey && !isMachine ? [LACKS_KEY] : []),
  ].filter((text) => text !== undefined);
  return texts.length > 0 ? texts.join('; ') : undefined;
}

function messageText(signs: AriSigns): string | undefined {
  const { message, digit, isMachine, isClosed, wasUnheard, leavesNothing, word } = signs;
  if (message === 'whole' || digit !== undefined) return undefined;
  if (message === 'none') {
    if (isMachine && leavesNothing) return LEFT_NONE;
    return isMachine && isClosed ? 'no message was left' : HUNG_UP_BEFORE;
  }
  // Whose doing it was is known only of whoever was listened to all the time.
  const isTheirs = message !== 'unknown' && !wasUnheard && word !== undefined;
  return isTheirs ? HUNG_UP_DURING : UNKNOWN_LENGTH;
}

const LEFT_NONE = 'no message was left, as configured (voicemail: hang_up)';
