/**
 * What is said on the screen while a run works: everything with --verbose, otherwise what an
 * operator would want to be called for.
 */
import type { CampaignEvent } from '../domain/event.ts';
import { maskContactId } from '../domain/privacy.ts';
import { withServiceKeys } from '../domain/service-key.ts';
import type { Payee } from '../domain/usage.ts';
import { levelOf, messageOf, namesContact } from '../observers/log-lines.ts';
import type { Paint } from './paint.ts';

/** What happens with the same code is told one by one so often; the rest is in the log. */
const SAME_FAILURES_MAX = 5;

/** A function from an event to its line, undefined where nothing is said. */
export function screenLines(
  verbose: boolean,
  paint: Paint,
  services: readonly Payee[] = [],
): (event: CampaignEvent) => string | undefined {
  const failures = new Map<string, number>();
  return (heard) => {
    const event = withServiceKeys(services, heard);
    const text = verbose ? withContact(event) : briefly(event, failures);
    if (text === undefined) {
      return undefined;
    }
    const level = levelOf(event);
    const line = `  ${text}`;
    return level === 'error' ? paint('red', line) : level === 'warn' ? paint('yellow', line) : line;
  };
}

/** Lines of several calls come mixed, so each says whose it is. */
function withContact(event: CampaignEvent): string {
  const text = messageOf(event, []);
  const contact = 'contact' in event ? event.contact : undefined;
  return contact === undefined || namesContact(event.type, contact, text)
    ? text
    : `${text} (contact ${maskContactId(contact)})`;
}

function briefly(event: CampaignEvent, failures: Map<string, number>): string | undefined {
  switch (event.type) {
    case 'call.failed':
      return atMost(event, event.code, failures, 'calls fail');
    case 'attempt.failed':
      // The contact's data is at fault, and the failed call is told anyway.
      return event.scope === 'request' ? undefined : briefAttempt(event, failures);
    case 'fallback.used':
      return once(event, failures);
    case 'breaker.closed':
    case 'service.resumed':
      forget(event.service, failures);
      return messageOf(event, []);
    case 'breaker.opened':
      return messageOf(event, []);
    case 'connection.changed':
      return briefConnection(event, failures);
    case 'sheet.away':
    case 'notice':
      return messageOf(event, []);
    case 'record.refused':
      return atMost(event, event.code, failures, 'records are refused');
    case 'call.looked_for':
    case 'call.looked_up':
      return atMost(event, event.service, failures, 'answers are lost');
    case 'run.finished':
      return undefined; // the summary says it, or the message that the command ends with
    case 'call.finished':
      return event.outcome === 'uncertain' ? messageOf(event, []) : undefined;
    default:
      return levelOf(event) === 'error' ? messageOf(event, []) : undefined;
  }
}

/** A service that refuses everybody for minutes says nothing new each time. */
function briefAttempt(
  event: Extract<CampaignEvent, { type: 'attempt.failed' }>,
  counts: Map<string, number>,
): string | undefined {
  const { service, code, question, hangUp } = event;
  const cause = `${service}: ${code}`;
  if (hangUp === true) return atMost(event, cause, counts, 'calls are not hung up', 'hang up');
  if (question === true) return atMost(event, cause, counts, 'questions fail', 'question');
  return atMost(event, cause, counts, 'requests fail');
}

/** It works again: what it fails with from now on is news. */
function forget(service: string, counts: Map<string, number>): void {
  for (const kind of counts.keys()) {
    if (kind.startsWith(`attempt.failed ${service}: `)) counts.delete(kind);
  }
}

/** A connection that works from the start is no news; one that was away and is back is. */
function briefConnection(
  event: Extract<CampaignEvent, { type: 'connection.changed' }>,
  counts: Map<string, number>,
): string | undefined {
  const away = `away ${event.service}`;
  if (event.state === 'disconnected') {
    counts.set(away, 1);
    return atMost(event, event.code ?? 'lost', counts, 'tries to connect fail');
  }
  return event.state === 'connected' && counts.delete(away) ? messageOf(event, []) : undefined;
}

/** Who hears another voice from now on is told; how often that was says the summary. */
function once(
  event: Extract<CampaignEvent, { type: 'fallback.used' }>,
  counts: Map<string, number>,
): string | undefined {
  const kind = `${event.type} ${event.role} ${event.instead} ${event.service}`;
  const isFirst = !counts.has(kind);
  counts.set(kind, 1);
  return isFirst ? messageOf(event, []) : undefined;
}

function atMost(
  event: CampaignEvent,
  code: string,
  counts: Map<string, number>,
  what: string,
  apart = '',
): string | undefined {
  const kind = `${event.type} ${code} ${apart}`;
  const count = (counts.get(kind) ?? 0) + 1;
  counts.set(kind, count);
  if (count === SAME_FAILURES_MAX + 1) {
    return `more ${what} like that (${code}): campaign logs has them all`;
  }
  return count > SAME_FAILURES_MAX ? undefined : messageOf(event, []);
}
