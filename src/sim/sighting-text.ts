/**
 * What was seen, in words, for the person who reads how a promise was broken.
 */
import type { CampaignEvent } from '../domain/event.ts';
import type { Sight, Sighting } from './sighting.ts';

/** One line: `0:02:13.400 life 2  place leaves for twilio: c3, call-2-1, line 1, request 41`. */
export function sightingText(sighting: Sighting): string {
  return `${timeText(sighting.atMs)} life ${sighting.run}  ${sightText(sighting)}`;
}

/** What kind of thing was seen, to be counted: `told breaker.opened`, `killed at a timer`. */
export function kindOf(sight: Sight): string {
  switch (sight.type) {
    case 'told':
      return `told ${sight.event.type}`;
    case 'request':
      return `request ${sight.method}`;
    case 'answer':
      return `answer ${sight.failure?.code ?? 'good'}`;
    case 'rang':
      return `rang ${sight.outcome}`;
    case 'alert_answered':
      return `alert answered ${sight.failure?.code ?? 'good'}`;
    case 'asked_to_stop':
      return `asked to ${sight.how}`;
    case 'killed':
      return `killed at ${sight.at.replace(/ (by|for) .*/, '')}`;
    case 'ended':
      return `ended ${sight.end}`;
    case 'settled':
      return `settled ${sight.outcome === 'again' ? 'again' : 'with an outcome'}`;
    default:
      return sight.type;
  }
}

function sightText(sight: Sight): string {
  switch (sight.type) {
    case 'began':
      return `the program starts${beginningText(sight)}`;
    case 'told':
      return `told: ${eventText(sight.event)}`;
    case 'request': {
      const { method, service, role, contact, call, line, request } = sight;
      const about = method === 'probe' ? [role] : [contact, call, line && `line ${line}`];
      return `${method} leaves for ${service}: ${listed([...about, `request ${request}`])}`;
    }
    case 'answer':
      return `request ${sight.request} answered${failureText(sight.failure)}${keyText(sight)}`;
    case 'given_up':
      return `request ${sight.request} given up`;
    case 'rang': {
      const { service, contact, call, hasWords, rings, outcome } = sight;
      const words = hasWords ? '' : ', with nothing to say';
      const what = rings ? 'a phone rings' : 'a preview is made';
      return `${what}: ${listed([contact, call, service])} (${outcome} to be)${words}`;
    }
    case 'unrung':
      return `the trunk takes no call: ${listed([sight.contact, sight.call, sight.service])}`;
    case 'key':
      return `the key ${sight.digit} is pressed: ${listed([sight.contact, sight.call])}`;
    case 'billed':
      return `${sight.service} bills request ${sight.request}: ${JSON.stringify(sight.usage)}`;
    case 'hung_up':
      return `hung up: ${sight.call}`;
    case 'recorded': {
      const { service, contact, call, outcome, again } = sight;
      const mark = again ? ', said to be again' : '';
      return `${service} records ${listed([contact, call])}: ${outcome}${mark}`;
    }
    case 'alerted':
      return `alert through ${sight.channel}: ${sight.key} ${sight.kind}${titleText(sight)}`;
    case 'alert_leaves': {
      const { send, channel, key, kind, lateMs } = sight;
      const late = lateMs === undefined ? '' : `, ${lateMs} ms late`;
      return `alert ${send} leaves for ${channel}: ${key} ${kind}${late}`;
    }
    case 'alert_answered':
      return `alert ${sight.send} answered${failureText(sight.failure)}`;
    case 'asked_to_stop':
      return `the operator asks to ${sight.how}`;
    case 'removed':
      return `the operator deletes the row of ${sight.contact}`;
    case 'corrected':
      return `the operator corrects the row of ${sight.contact}: ${rowText(sight)}`;
    case 'returned':
      return `the operator puts the row of ${sight.contact} back: ${rowText(sight)}`;
    case 'refused':
      return `the program refuses the row of ${sight.contact}: ${sight.phone} is another's`;
    case 'settled':
      return `the operator settles ${sight.contact}: ${sight.outcome}`;
    case 'locked_out':
      return `a second start of ${sight.campaign} is turned away`;
    case 'audio_deleted':
      return 'the operator deletes the audio';
    case 'killed':
      return `killed at: ${sight.at}`;
    case 'ended': {
      const { end, contacts, timers } = sight;
      const counts = Object.entries(contacts).map(([state, count]) => `${state} ${count}`);
      return `the run ends (${end}): ${counts.join(', ')}; ${timers} timers armed`;
    }
    case 'broke':
      return `the run breaks: ${sight.message}`;
  }
}

function rowText({ phone, name }: { phone: string; name?: string | undefined }): string {
  return listed([phone, name]);
}

function failureText(failure: Extract<Sight, { type: 'answer' }>['failure']): string {
  if (failure === undefined) return '';
  const { kind, scope, code, retryAfterMs } = failure;
  const wait = retryAfterMs === undefined ? '' : `, in ${retryAfterMs} ms again`;
  return `: ${code} (${kind}, ${scope}${wait})`;
}

/** The event's name and what it says, as it is. */
function eventText({ type, ...fields }: CampaignEvent): string {
  const said = Object.entries(fields).map(([name, value]) => {
    return `${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`;
  });
  return said.length === 0 ? type : `${type} (${said.join(', ')})`;
}

function listed(parts: readonly (string | number | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(', ');
}

/** Hours, minutes, seconds and milliseconds from the start. */
function timeText(atMs: number): string {
  const two = (value: number): string => String(Math.floor(value) % 60).padStart(2, '0');
  const seconds = atMs / 1_000;
  const hours = Math.floor(seconds / 3_600);
  const thousandths = String(Math.floor(atMs % 1_000)).padStart(3, '0');
  return `${hours}:${two(seconds / 60)}:${two(seconds)}.${thousandths}`;
}

function beginningText({ campaign, chains }: Extract<Sight, { type: 'began' }>): string {
  const named = Object.values(chains ?? {}).map((names) => names.join(', '));
  const list = campaign === undefined ? '' : ` for ${campaign}`;
  return named.length === 0 ? list : `${list}, with ${named.join('; ')}`;
}

function keyText({ digit }: Extract<Sight, { type: 'answer' }>): string {
  return digit === undefined ? '' : `: the key ${digit} was pressed`;
}

function titleText({ title }: Extract<Sight, { type: 'alerted' }>): string {
  return title === undefined ? '' : ` (${title})`;
}
