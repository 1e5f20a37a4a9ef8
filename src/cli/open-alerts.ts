/**
 * Alerts that are not over: a service that takes no requests opens no breaker, and is trouble too.
 */
import { type Alert, type AlertSeverity, bySeverity } from '../domain/alert.ts';
import { maskNumbers } from '../domain/privacy.ts';
import { spanText } from '../domain/text.ts';
import { isoTime } from './run-document.ts';

export interface OpenAlertLine {
  readonly key: string;
  readonly severity: AlertSeverity;
  readonly title: string;
  readonly since: string;
}

/** The worst first, then the oldest. */
export function openAlertLines(open: readonly Alert[]): readonly OpenAlertLine[] {
  const byUrgency = (one: Alert, other: Alert): number =>
    bySeverity(one.severity, other.severity) || one.sinceMs - other.sinceMs;
  return open.toSorted(byUrgency).map(({ key, severity, title, sinceMs }) => {
    return { key, severity, title: maskNumbers(title), since: isoTime(sinceMs) };
  });
}

export function openAlertText({ severity, title, since }: OpenAlertLine, wallMs: number): string {
  const span = spanText(Math.max(0, wallMs - Date.parse(since)));
  return `open alert, ${severity}: ${title}; since ${since} (${span})`;
}
