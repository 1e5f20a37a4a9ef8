import type { Alert } from '../domain/alert.ts';

/** What an alert is, before anything of it is read: `CRITICAL: …`, `All clear: …`. */
export function headline({ kind, severity, joins, title }: Alert): string {
  const over = joins === undefined ? 'All clear' : 'Cause found';
  return `${kind === 'recovered' ? over : severity.toUpperCase()}: ${title}`;
}
