/**
 * What has become of a call, from all that was heard of it.
 */
import { ServiceFailure } from '../../../domain/failure.ts';
import { callEnd } from '../../../domain/hangup-cause.ts';
import type { TrunkSigns } from '../../../domain/trunk-watch.ts';
import type { AnswersWanted, Ended } from '../../../engine/ports.ts';
import type { AmiCall } from './ami-calls.ts';
import { AMI_NAME } from './ami-wire.ts';
import {
  HUNG_UP_BEFORE,
  HUNG_UP_DURING,
  LACKS_KEY,
  LOST_BEFORE_END,
  UNKNOWN_LENGTH,
} from './end-text.ts';

export const UNHEARD = 'there is no such call any more, and nothing was heard of how it ended';
const UNKNOWN_LEFT = 'perhaps no message was left';
const UNPLAYED =
  `picked up, but Asterisk could not play the audio: check providers.${AMI_NAME}.sounds, and ` +
  'that Asterisk may read it';

/** Of a call that is gone; undefined where nobody can tell. */
export function endOf(call: AmiCall): Ended | undefined {
  const end = callEnd(call.signs, call.hangup);
  if (end === undefined) return undefined;
  const used = call.wasUp && { usage: { seconds: call.upSeconds } };
  if (isUnheard(call)) return { outcome: 'failed', detail: UNPLAYED, ...used };
  const details = [
    ...(end.detail === undefined ? [] : [end.detail]),
    ...messageTexts(call),
    ...(call.hangup === undefined ? [LOST_BEFORE_END] : []),
    ...(call.mayLackKey ? [LACKS_KEY] : []),
  ];
  return {
    outcome: end.outcome,
    ...(details.length > 0 && { detail: details.join('; ') }),
    ...used,
    ...(call.digit !== undefined && { digit: call.digit }),
  };
}

/** What there is to say of the text, where it was not said, as far as is known. */
function messageTexts(call: AmiCall): readonly string[] {
  const { wasUp, wasPlayed, digit, hangup, wasUnheard, isBeginTold, wasBegun, isMachine } = call;
  if (!wasUp || wasPlayed || digit !== undefined) return [];
  if (wasUnheard || (hangup?.cause ?? 0) === 0) return [isMachine ? UNKNOWN_LEFT : UNKNOWN_LENGTH];
  // Of a dialplan that says nothing of the text nothing is known.
  if (!isBeginTold) return [];
  return [wasBegun ? HUNG_UP_DURING : HUNG_UP_BEFORE];
}

/** @throws ServiceFailure nobody can tell how it ended */
export function knownEnd(call: AmiCall): Ended {
  const ended = endOf(call);
  if (ended !== undefined) return ended;
  const known = call.hangup === undefined ? UNHEARD : 'Asterisk does not know how it ended';
  const message = `${AMI_NAME}: ${known}`;
  const code = 'end_unknown';
  throw new ServiceFailure(message, { kind: 'permanent', scope: 'request', code });
}

/** The trouble with the sound, where whoever picked up heard nothing because of it. */
export function audioFault(call: AmiCall): string | undefined {
  return isUnheard(call) ? `${AMI_NAME}: ${UNPLAYED}` : undefined;
}

function isUnheard({ wasUp, isUnplayed }: AmiCall): boolean {
  return wasUp && isUnplayed;
}

export function trunkSigns(call: AmiCall): TrunkSigns {
  const { hangup, wasRinging, wasUp, wasPlayed, isUnplayed } = call;
  const isHeard = wasPlayed && !isUnplayed;
  return { isOver: hangup !== undefined, hasRung: wasRinging || wasUp, word: hangup, isHeard };
}

/** Tells of a key as soon as it is pressed, once; the answer ends that. */
export function tellKeys(call: AmiCall, answers: AnswersWanted | undefined): () => void {
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
