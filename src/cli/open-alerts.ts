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
  /** It is a figure of the machine that no run reads at the moment. */
  readonly unmeasured: true | undefined;
}

/** Figures of the machine are read by runs; that of its memory by those of its campaign. */
function isMeasured({ rule, campaign }: Alert, campaignsOn: readonly string[]): boolean {
  if (rule === 'memory') return campaignsOn.includes(campaign);
  return (rule !== 'cpu' && rule !== 'disk') || campaignsOn.length > 0;
}

/**
 * The worst first, then the oldest.
 *
 * @param campaignsOn those that a run works on
 */
export function openAlertLines(
  open: readonly Alert[],
  campaignsOn: readonly string[],
): readonly OpenAlertLine[] {
  const byUrgency = (one: Alert, other: Alert): number =>
    bySeverity(one.severity, other.severity) || one.sinceMs - other.sinceMs;
  return open.toSorted(byUrgency).map((alert) => {
    const { key, severity, title, sinceMs, contacts, contactsMore } = alert;
    const unmeasured = isMeasured(alert, campaignsOn) ? undefined : true;
    const since = isoTime(sinceMs);
    const about = { key, severity, title: maskNumbers(title), since, unmeasured } as const;
    if (contacts === undefined) return { ...about, contacts: null, contacts_more: null };
    return { ...about, contacts, contacts_more: contactsMore === true };
  });
}

export function openAlertText(line: OpenAlertLine, wallMs: number): string {
  const { severity, title, since, contacts, contacts_more, unmeasured } = line;
  const span = spanText(Math.max(0, wallMs - Date.parse(since)));
  const met = {
    kind: 'raised',
    contacts: contacts ?? undefined,
    contactsMore: contacts_more || undefined,
  } as const;
  const affected = affectedText(met);
  const whom = affected === undefined ? '' : `; ${affected}`;
  const looks =
    unmeasured === true ? '; no run is on that measures it: the next one looks again' : '';
  return `open alert, ${severity}: ${title}; since ${since} (${span})${whom}${looks}`;
}
