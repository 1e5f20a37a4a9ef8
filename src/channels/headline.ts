import type { Alert } from '../domain/alert.ts';
import { endText } from '../domain/alert-text.ts';

/** What an alert is, before anything of it is read: `CRITICAL: …`, `All clear: …`. */
export function headline(alert: Alert): string {
  const { kind, severity, title } = alert;
  return `${kind === 'recovered' ? endText(alert) : severity.toUpperCase()}: ${title}`;
}
