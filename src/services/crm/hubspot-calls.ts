/**
 * A record of ours as a call of HubSpot's.
 */
import type { Outcome } from '../../domain/words.ts';
import type { CallRecord } from '../../engine/ports.ts';

/** HubSpot refuses more than 65,536 characters; a text that long is cut, not the record lost. */
const BODY_CHARACTERS_MAX = 60_000;

interface CallWords {
  readonly title: string;
  /** `hs_call_status`. */
  readonly status: string;
  /** Of the dispositions that every HubSpot account begins with; undefined: none fits. */
  readonly disposition: string | undefined;
}

export const CALL_WORDS: Readonly<Record<Outcome, CallWords>> = {
  answered: { title: 'answered', status: 'COMPLETED', disposition: 'Connected' },
  voicemail: { title: 'voicemail', status: 'COMPLETED', disposition: 'Left voicemail' },
  busy: { title: 'busy', status: 'BUSY', disposition: 'Busy' },
  no_answer: { title: 'no answer', status: 'NO_ANSWER', disposition: 'No answer' },
  invalid_number: { title: 'invalid number', status: 'FAILED', disposition: 'Wrong number' },
  failed: { title: 'failed', status: 'FAILED', disposition: undefined },
  uncertain: { title: 'uncertain', status: 'FAILED', disposition: undefined },
  previewed: { title: 'preview, no phone rang', status: 'CANCELED', disposition: undefined },
};

export interface CallExtras {
  /** The portal's id of the disposition. */
  readonly disposition: string | undefined;
  readonly owner: string | undefined;
}

/**
 * Every value is a text. The same record makes the same call, whenever it is sent; the call's own
 * id is in `hs_call_external_id`.
 */
export function callProperties(
  record: CallRecord,
  { disposition, owner }: CallExtras,
): Readonly<Record<string, string>> {
  const { campaign, call, contact, outcome, startedMs, dialledMs, talkMs } = record;
  const { title, status } = CALL_WORDS[outcome];
  const isTalk = outcome === 'answered' || outcome === 'voicemail';
  return {
    hs_timestamp: String(Math.round(dialledMs ?? startedMs)),
    hs_call_title: `${campaign}: ${title}`,
    hs_call_body: bodyOf(record),
    hs_call_direction: 'OUTBOUND',
    hs_call_status: status,
    hs_call_to_number: contact.phone,
    hs_call_external_id: call,
    // Begin and end do not tell it: a later run may have found out the end, hours after it.
    ...(isTalk && talkMs !== undefined && { hs_call_duration: String(Math.round(talkMs)) }),
    ...(disposition !== undefined && { hs_call_disposition: disposition }),
    ...(owner !== undefined && { hubspot_owner_id: owner }),
  };
}

/** HubSpot shows it as HTML. */
function bodyOf({ text = '', detail, contact, call }: CallRecord): string {
  const about = `Contact ${contact.id}, call ${call}.`;
  const parts = [text, detail ?? '', about].filter((part) => part.trim() !== '');
  const html = parts.map((part) => escaped(part)).join('<br><br>');
  return html.length > BODY_CHARACTERS_MAX
    ? `${html.slice(0, BODY_CHARACTERS_MAX)}… ${escaped(about)}`
    : html;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/\r?\n/g, '<br>');
}
