/**
 * What has become of a call, from all that was heard of it.
 */
import { callEnd, type HangupCause } from '../../../domain/hangup-cause.ts';
import type { Ended } from '../../../engine/ports.ts';

export type AriEnd =
  | { readonly type: 'ended'; readonly ended: Ended }
  /** The channel is gone, and nobody can tell what became of the call. */
  | { readonly type: 'lost'; readonly detail: string };

/** How much of the message was played. */
export type Message = 'none' | 'begun' | 'whole' | 'cut';

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

function heardText({ message, digit, isMachine, isClosed }: AriSigns): string | undefined {
  switch (message) {
    case 'whole':
      return undefined;
    case 'none':
      return isMachine && isClosed ? 'no message was left' : 'hung up before the message began';
    default:
      return digit === undefined ? 'hung up before the message was over' : undefined;
  }
}
