/**
 * What Asterisk tells over its websocket, as far as a call needs it.
 */

import { dialCause, type HangupCause } from '../../../domain/hangup-cause.ts';
import { at, listAt, numberAt, textAt } from '../../../domain/json-fields.ts';

export type AriEvent =
  /** The far end was reached: it rings, or its network can be heard. */
  | { readonly type: 'ringing'; readonly channel: string }
  /** It was not connected. Its end has a cause, mostly; where not, this is it. */
  | { readonly type: 'refused'; readonly channel: string; readonly word: HangupCause }
  | { readonly type: 'up'; readonly channel: string }
  /** The channel is ours to command; `args` are what the dialplan says along. */
  | { readonly type: 'entered'; readonly channel: string; readonly args: readonly string[] }
  | { readonly type: 'left'; readonly channel: string }
  | { readonly type: 'digit'; readonly channel: string; readonly digit: string }
  | { readonly type: 'talking'; readonly channel: string; readonly isOver: boolean }
  | {
      readonly type: 'played';
      readonly channel: string;
      readonly playback: string;
      readonly isWhole: boolean;
    }
  /** The far end is hanging up. */
  | { readonly type: 'hanging_up'; readonly channel: string; readonly word: HangupCause }
  /** The channel is no more. */
  | { readonly type: 'gone'; readonly channel: string; readonly word: HangupCause }
  /** Another program has registered for our application: we hear nothing any more. */
  | { readonly type: 'replaced' };

/** Undefined for what is of no interest, and for what is no event. */
export function ariEvent(text: string): AriEvent | undefined {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (textAt(told, 'type') === 'ApplicationReplaced') return { type: 'replaced' };
  const channel = channelOf(told);
  return channel === undefined ? undefined : channelEvent(told, channel);
}

function channelEvent(told: unknown, channel: string): AriEvent | undefined {
  switch (textAt(told, 'type')) {
    case 'Dial':
      return dialEvent(textAt(told, 'dialstatus') ?? '', channel);
    case 'ChannelStateChange':
      return stateEvent(textAt(told, 'channel', 'state'), channel);
    case 'StasisStart': {
      const args = listAt(told, 'args').map(String);
      return { type: 'entered', channel, args };
    }
    case 'StasisEnd':
      return { type: 'left', channel };
    case 'ChannelDtmfReceived':
      return { type: 'digit', channel, digit: textAt(told, 'digit') ?? '' };
    case 'ChannelTalkingStarted':
      return { type: 'talking', channel, isOver: false };
    case 'ChannelTalkingFinished':
      return { type: 'talking', channel, isOver: true };
    case 'PlaybackFinished': {
      const isWhole = textAt(told, 'playback', 'state') === 'done';
      return { type: 'played', channel, playback: textAt(told, 'playback', 'id') ?? '', isWhole };
    }
    case 'ChannelHangupRequest':
      // A soft one is our own, or that of an Asterisk that is stopping.
      return at(told, 'soft') === true
        ? undefined
        : { type: 'hanging_up', channel, word: wordOf(told) };
    case 'ChannelDestroyed':
      return { type: 'gone', channel, word: wordOf(told) };
    default:
      return undefined;
  }
}

function dialEvent(status: string, channel: string): AriEvent | undefined {
  if (/^(RINGING|PROGRESS)$/.test(status)) return { type: 'ringing', channel };
  const word = dialCause(status);
  return word === undefined ? undefined : { type: 'refused', channel, word };
}

function stateEvent(state: string | undefined, channel: string): AriEvent | undefined {
  if (state === 'Ringing') return { type: 'ringing', channel };
  return state === 'Up' ? { type: 'up', channel } : undefined;
}

function channelOf(told: unknown): string | undefined {
  const target = textAt(told, 'playback', 'target_uri');
  return (
    textAt(told, 'channel', 'id') ??
    (textAt(told, 'type') === 'Dial' ? textAt(told, 'peer', 'id') : undefined) ??
    (target?.startsWith('channel:') === true ? target.slice('channel:'.length) : undefined)
  );
}

function wordOf(told: unknown): HangupCause {
  return { cause: numberAt(told, 'cause') ?? 0, techCause: numberAt(told, 'tech_cause') };
}
