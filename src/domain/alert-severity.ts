/** How much it matters: `critical` is worth waking somebody for. */
export const ALERT_SEVERITIES = ['critical', 'warning', 'info'] as const;
export type AlertSeverity = (typeof ALERT_SEVERITIES)[number];

/** For sorting: what matters most first. */
export function bySeverity(one: AlertSeverity, other: AlertSeverity): number {
  return ALERT_SEVERITIES.indexOf(one) - ALERT_SEVERITIES.indexOf(other);
}
