/**
 * The section `alerts.rules` of config.yml: what is told, and when.
 */
import { z } from 'zod';
import { ALERT_SEVERITIES } from '../domain/alert.ts';
import {
  type AlertPolicies,
  type CountPolicy,
  DEFAULT_ALERT_POLICIES,
  type DiskPolicy,
  type OftenPolicy,
  type RulePolicy,
} from '../domain/alert-policy.ts';
import { choice, duration, number, section, size, whole } from './config-schema-parts.ts';
import { durationText, parseDuration, parseSize } from './durations.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Their names in config.yml, in the order of the guide's table. */
export const ALERT_RULE_NAMES = {
  service_down: 'serviceDown',
  service_unhealthy: 'serviceUnhealthy',
  call_failed: 'callFailed',
  error_rate: 'errorRate',
  llm_failure_rate: 'llmFailureRate',
  store_failed: 'storeFailed',
  memory: 'memory',
  ended_early: 'endedEarly',
  budget_spent: 'budgetSpent',
  slow_service: 'slowService',
  success_rate: 'successRate',
  cpu: 'cpu',
  fallback: 'fallback',
  reconnections: 'reconnections',
  disk: 'disk',
  sheet_away: 'sheetAway',
  cut_calls: 'cutCalls',
  campaign_started: 'campaignStarted',
  campaign_finished: 'campaignFinished',
  milestones: 'milestones',
  service_recovered: 'serviceRecovered',
} as const satisfies Readonly<Record<string, keyof AlertPolicies>>;

function rule<Keys extends z.core.$ZodLooseShape>(
  { severity }: RulePolicy,
  keys: Keys,
  description: string,
) {
  return section(
    {
      enabled: z
        .boolean({ error: 'true or false' })
        .default(true)
        .describe('Whether anybody is told.'),
      severity: choice(ALERT_SEVERITIES, severity, 'How much it matters.'),
      ...keys,
    },
    description,
  );
}

/** Of a share of calls. */
function windowKeys({ windowMs, callsMin }: OftenPolicy = DEFAULT_ALERT_POLICIES.errorRate) {
  return {
    window: duration(
      { minMs: MINUTE_MS, maxMs: 24 * HOUR_MS },
      durationText(windowMs),
      'What is older counts no more.',
    ),
    min_calls: whole(1, 100_000, callsMin, 'With fewer in the window nothing is said.'),
  };
}

function share(value: number, description: string) {
  return number({ min: 0, max: 1 }, value, description);
}

function lasting(value: number, description: string) {
  return duration({ minMs: 0, maxMs: 24 * HOUR_MS }, durationText(value), description);
}

const ABOVE = 'More than this share is told, from 0 to 1.';

export function alertRuleKeys() {
  const its = DEFAULT_ALERT_POLICIES;
  return {
    ...serviceKeys(),
    error_rate: rule(
      its.errorRate,
      { threshold: share(its.errorRate.threshold, ABOVE), ...windowKeys() },
      'Calls fail after all retries, and no outage of a service is the cause.',
    ),
    llm_failure_rate: rule(
      its.llmFailureRate,
      { threshold: share(its.llmFailureRate.threshold, ABOVE), ...windowKeys() },
      'Texts cannot be had from any service that writes.',
    ),
    store_failed: rule(its.storeFailed, {}, 'The store cannot be written: the run has ended.'),
    memory: rule(
      its.memory,
      {
        threshold: share(its.memory.threshold, 'More than this share of its limit is told.'),
        lasts: lasting(its.memory.lastsMs, 'Only what lasts for so long.'),
      },
      'The process is near the limit of its memory.',
    ),
    ended_early: rule(its.endedEarly, {}, 'A run gave up because nothing got through.'),
    budget_spent: rule(its.budgetSpent, {}, 'campaign.budget is reached.'),
    slow_service: rule(
      its.slowService,
      {
        threshold: duration(
          { minMs: 1, maxMs: HOUR_MS },
          durationText(its.slowService.threshold),
          'An average above this is told.',
        ),
        ...windowKeys(),
      },
      'A service answers slowly.',
    ),
    success_rate: rule(
      its.successRate,
      {
        threshold: share(its.successRate.threshold, 'Less than this share is told, from 0 to 1.'),
        ...windowKeys(),
      },
      'Calls do not reach a telephone: failed, a number that is none, or uncertain.',
    ),
    cpu: rule(
      its.cpu,
      {
        threshold: share(its.cpu.threshold, ABOVE),
        lasts: lasting(its.cpu.lastsMs, 'Only what lasts for so long.'),
      },
      'The processors are busy.',
    ),
    fallback: rule(
      its.fallback,
      { lasts: lasting(its.fallback.lastsMs, 'Only what lasts for so long.') },
      'Another service does the work of one that is not known to be down.',
    ),
    reconnections: reconnections(its.reconnections),
    disk: disk(its.disk),
    sheet_away: rule(its.sheetAway, {}, 'Google Sheets takes no rows.'),
    cut_calls: rule(
      its.cutCalls,
      { threshold: share(its.cutCalls.threshold, ABOVE), ...windowKeys() },
      'Calls are ended by timeouts.call.',
    ),
    ...infoKeys(),
  };
}

function reconnections(its: CountPolicy) {
  const window = duration(
    { minMs: MINUTE_MS, maxMs: 24 * HOUR_MS },
    durationText(its.windowMs),
    'What is older counts no more.',
  );
  return rule(
    its,
    { times: whole(1, 1_000, its.timesMax, 'More than so many are told.'), window },
    'A connection to Asterisk has to be made again and again.',
  );
}

function disk(its: DiskPolicy) {
  const free = size(
    { min: '1MB', max: '10GB', examples: '500MB or 2GB' },
    `${its.freeBytesMin / 1e9}GB`,
    'Less than so much free is told.',
  );
  return rule(its, { free }, 'A disk is nearly full.');
}

function serviceKeys() {
  const its = DEFAULT_ALERT_POLICIES;
  return {
    service_down: rule(its.serviceDown, {}, 'A service fails or refuses us: its breaker opened.'),
    service_unhealthy: rule(
      its.serviceUnhealthy,
      {},
      'The health checks of a service fail, and its breaker has not opened.',
    ),
    call_failed: rule(
      its.callFailed,
      windowKeys(its.callFailed),
      'Calls failed for good, in one round of retries after the other.',
    ),
  };
}

function infoKeys() {
  const its = DEFAULT_ALERT_POLICIES;
  return {
    campaign_started: rule(its.campaignStarted, {}, 'A list is begun.'),
    campaign_finished: rule(its.campaignFinished, {}, 'A list is done, with its figures.'),
    milestones: rule(its.milestones, {}, '25, 50 and 75 % of a list are done.'),
    service_recovered: rule(its.serviceRecovered, {}, 'A service that was down works again.'),
  };
}

export type WrittenRules = z.output<z.ZodObject<ReturnType<typeof alertRuleKeys>>>;

export function alertPolicies(rules: WrittenRules): AlertPolicies {
  const windowed = ({
    enabled,
    severity,
    window,
    min_calls: callsMin,
  }: WrittenRules['call_failed']) => ({
    enabled,
    severity,
    windowMs: parseDuration(window) ?? 0,
    callsMin,
  });
  const ofShare = (its: WrittenRules['error_rate']) => ({
    ...windowed(its),
    threshold: its.threshold,
  });
  const ofHost = ({ enabled, severity, threshold, lasts }: WrittenRules['cpu']) => {
    return { enabled, severity, threshold, lastsMs: parseDuration(lasts) ?? 0 };
  };
  const { slow_service: slow, fallback, disk, reconnections } = rules;
  return {
    serviceDown: rules.service_down,
    serviceUnhealthy: rules.service_unhealthy,
    endedEarly: rules.ended_early,
    budgetSpent: rules.budget_spent,
    storeFailed: rules.store_failed,
    callFailed: windowed(rules.call_failed),
    errorRate: ofShare(rules.error_rate),
    llmFailureRate: ofShare(rules.llm_failure_rate),
    successRate: ofShare(rules.success_rate),
    cutCalls: ofShare(rules.cut_calls),
    slowService: {
      ...windowed(slow),
      threshold: parseDuration(slow.threshold) ?? 0,
    },
    fallback: {
      enabled: fallback.enabled,
      severity: fallback.severity,
      lastsMs: parseDuration(fallback.lasts) ?? 0,
    },
    reconnections: {
      enabled: reconnections.enabled,
      severity: reconnections.severity,
      timesMax: reconnections.times,
      windowMs: parseDuration(reconnections.window) ?? 0,
    },
    memory: ofHost(rules.memory),
    cpu: ofHost(rules.cpu),
    disk: {
      enabled: disk.enabled,
      severity: disk.severity,
      freeBytesMin: parseSize(disk.free) ?? 0,
    },
    sheetAway: rules.sheet_away,
    campaignStarted: rules.campaign_started,
    campaignFinished: rules.campaign_finished,
    milestones: rules.milestones,
    serviceRecovered: rules.service_recovered,
  };
}
