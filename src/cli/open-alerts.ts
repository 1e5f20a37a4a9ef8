/**
 * Alerts that are not over: a service that takes no requests opens no breaker, and is trouble too.
 */
import { type Alert, type AlertSeverity, bySeverity } from '../domain/alert.ts';
import { affectedText } from '../domain/alert-contacts.ts';
import { maskNumbers } from '../domain/privacy.ts';
import { spanText } from '../domain/text.ts';
import { isoTime } from './run-document.ts';

export interface OpenAlertLine {
  readonly key: string;
  readonly severity: AlertSeverity;
  readonly title: string;
  readonly since: string;
  /** It has met so many; null where that is not known. */
  readonly contacts: number | null;
  readonly contacts_more: boolean | null;
}

/** The worst first, then the oldest. */
export function openAlertLines(open: readonly Alert[]): readonly OpenAlertLine[] {
  const byUrgency = (one: Alert, other: Alert): number =>
    bySeverity(one.severity, other.severity) || one.sinceMs - other.sinceMs;
  return open.toSorted(byUrgency).map((alert) => {
    const { key, severity, title, sinceMs, contacts, contactsMore } = alert;
    const about = { key, severity, title: maskNumbers(title), since: isoTime(sinceMs) };
    if (contacts === undefined) return { ...about, contacts: null, contacts_more: null };
    return { ...about, contacts, contacts_more: contactsMore === true };
  });
}

export function openAlertText(line: OpenAlertLine, wallMs: number): string {
  const { severity, title, since, contacts, contacts_more } = line;
  const span = spanText(Math.max(0, wallMs - Date.parse(since)));
  const met = {
    kind: 'raised',
    contacts: contacts ?? undefined,
    contactsMore: contacts_more || undefined,
  } as const;
  const affected = affectedText(met);
  const tail = affected === undefined ? '' : `; ${affected}`;
  return `open alert, ${severity}: ${title}; since ${since} (${span})${tail}`;
}
