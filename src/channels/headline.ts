import type { Alert } from '../domain/alert.ts';

/** What an alert is, before anything of it is read: `CRITICAL: …`, `All clear: …`. */
export function headline({ kind, severity, title }: Alert): string {
  return `${kind === 'recovered' ? 'All clear' : severity.toUpperCase()}: ${title}`;
}
