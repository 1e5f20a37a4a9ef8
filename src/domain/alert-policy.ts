/**
 * What there is to be told, and when: the rules of alerts, as config.yml may change them.
 */
import type { AlertSeverity } from './alert-severity.ts';

export interface RulePolicy {
  readonly enabled: boolean;
  readonly severity: AlertSeverity;
}

/** Of a share of calls, or of what requests take on average. */
export interface WindowPolicy extends RulePolicy {
  /** A share from 0 to 1, or milliseconds. */
  readonly threshold: number;
  /** What is older counts no more. */
  readonly windowMs: number;
  /** With fewer calls or requests nothing is said. */
  readonly callsMin: number;
}

/** Of what has to happen so often. */
export interface OftenPolicy extends RulePolicy {
  /** What is older counts no more, and after as long without one more it is over. */
  readonly windowMs: number;
  readonly callsMin: number;
}

/** Of what has to last for a while. */
export interface LastingPolicy extends RulePolicy {
  readonly lastsMs: number;
}

/** Of what may happen now and then, and not too often. */
export interface CountPolicy extends RulePolicy {
  /** More than so many are told. */
  readonly timesMax: number;
  readonly windowMs: number;
}

export interface HostPolicy extends LastingPolicy {
  /** A share from 0 to 1. */
  readonly threshold: number;
}

export interface DiskPolicy extends RulePolicy {
  readonly freeBytesMin: number;
}

export interface AlertPolicies {
  readonly serviceDown: RulePolicy;
  readonly serviceUnhealthy: RulePolicy;
  readonly endedEarly: RulePolicy;
  readonly budgetSpent: RulePolicy;
  readonly storeFailed: RulePolicy;
  readonly callFailed: OftenPolicy;
  readonly errorRate: WindowPolicy;
  readonly llmFailureRate: WindowPolicy;
  readonly successRate: WindowPolicy;
  readonly cutCalls: WindowPolicy;
  readonly slowService: WindowPolicy;
  readonly fallback: LastingPolicy;
  readonly reconnections: CountPolicy;
  readonly memory: HostPolicy;
  readonly cpu: HostPolicy;
  readonly disk: DiskPolicy;
  readonly sheetAway: RulePolicy;
  readonly campaignStarted: RulePolicy;
  readonly campaignFinished: RulePolicy;
  readonly milestones: RulePolicy;
  readonly serviceRecovered: RulePolicy;
}

const MINUTE_MS = 60_000;
const CRITICAL = { enabled: true, severity: 'critical' } as const;
const WARNING = { enabled: true, severity: 'warning' } as const;
const INFO = { enabled: true, severity: 'info' } as const;
const OF_CALLS = { windowMs: 15 * MINUTE_MS, callsMin: 20 } as const;

export const DEFAULT_ALERT_POLICIES: AlertPolicies = {
  serviceDown: CRITICAL,
  serviceUnhealthy: WARNING,
  endedEarly: CRITICAL,
  budgetSpent: CRITICAL,
  storeFailed: CRITICAL,
  callFailed: { ...CRITICAL, windowMs: 15 * MINUTE_MS, callsMin: 1 },
  errorRate: { ...CRITICAL, ...OF_CALLS, threshold: 0.1 },
  llmFailureRate: { ...CRITICAL, ...OF_CALLS, threshold: 0.05 },
  successRate: { ...WARNING, ...OF_CALLS, threshold: 0.8 },
  cutCalls: { ...WARNING, ...OF_CALLS, threshold: 0.2 },
  slowService: { ...WARNING, ...OF_CALLS, threshold: 5_000 },
  fallback: { ...WARNING, lastsMs: 10 * MINUTE_MS },
  reconnections: { ...WARNING, timesMax: 3, windowMs: 15 * MINUTE_MS },
  // One reading may come just before the collector of garbage.
  memory: { ...CRITICAL, threshold: 0.9, lastsMs: MINUTE_MS / 2 },
  cpu: { ...WARNING, threshold: 0.8, lastsMs: 5 * MINUTE_MS },
  disk: { ...WARNING, freeBytesMin: 1_000_000_000 },
  sheetAway: WARNING,
  campaignStarted: INFO,
  campaignFinished: INFO,
  milestones: INFO,
  serviceRecovered: INFO,
};
