/**
 * Worlds for the bug hunt: everything that can differ between two operators, two vendors and two
 * bad nights, drawn from a seed. A world is a plain value; printed as JSON it can be read.
 */
import type { AlertSeverity } from '../domain/alert.ts';
import type { Contact } from '../domain/contact.ts';
import { DEFAULT_RETRY } from '../domain/retry.ts';
import { ROLES, type Role } from '../domain/words.ts';
import type { GuardPolicies } from '../engine/guard.ts';
import type { RunPolicy } from '../engine/runner.ts';
import { type Behaviour, DEFAULT_BEHAVIOUR } from './behaviour.ts';
import { type Money, randomMoney } from './billing.ts';
import { type Capacity, randomCapacities, withConcurrency } from './capacity.ts';
import { Chance } from './chance.ts';
import type { Fault, Outage, Place } from './outage.ts';
import type { Quirks } from './quirks.ts';
import { type OtherCampaign, randomConfigs } from './random-configs.ts';
import { exchangeOutages, randomDialers, randomDropped, withHouseholds } from './random-dialers.ts';
import { randomOptOuts, withNeighbours } from './random-keys.ts';
import { type LifePlan, randomLives, withConfig } from './random-lives.ts';
import { type ChannelPlan, randomChannels } from './simulated-channels.ts';
import { type ChainNames, PREVIEW } from './simulated-services.ts';
import { answerMs, placesOf, type Target, VENDORS } from './vendors.ts';

export interface RandomWorld {
  readonly seed: number;
  readonly contacts: readonly Contact[];
  readonly sameNumber: 'reject' | 'allow';
  readonly chains: ChainNames;
  readonly looksUp: boolean;
  readonly policy: Pick<RunPolicy, 'lines' | 'onOutage' | 'outageWaitMs'>;
  readonly callsPerSecond: number;
  /** By service, for every service of the chains. */
  readonly policies: Readonly<Record<string, GuardPolicies>>;
  readonly healthCheck: { readonly intervalMs: number; readonly timeoutMs: number };
  readonly behaviour: Behaviour;
  readonly outages: readonly Outage[];
  readonly capacities: readonly Capacity[];
  readonly quirks: Quirks;
  /** Undefined where vendors bill nothing. */
  readonly money: Money | undefined;
  /** Another campaign that some lives work; none where it is left out. */
  readonly other?: OtherCampaign | undefined;
  /** See `Scene`. */
  readonly keepsAlertsApart?: boolean | undefined;
  /** What the operator's channel is told of; of everything where it is left out. */
  readonly severities?: readonly AlertSeverity[] | undefined;
  /** Other channels, which can be in trouble; none where it is left out. */
  readonly channels?: readonly ChannelPlan[] | undefined;
  /** At least one. What comes after the last is without faults, kills and orders. */
  readonly lives: readonly LifePlan[];
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

export function randomWorld(seed: number): RandomWorld {
  const chance = new Chance(seed);
  const sameNumber = chance.of(0.5, 'same number') ? 'reject' : 'allow';
  const contacts = withHouseholds(chance, randomContacts(chance), sameNumber);
  const configs = randomConfigs(chance, randomChains(chance), contacts);
  const { chains, named } = configs;
  const optOuts = randomOptOuts(chance);
  const dialers = randomDialers(chance, named);
  const behaviour = { ...randomBehaviour(chance), dropped: randomDropped(chance) };
  const policy = randomPolicy(chance);
  const horizonMs = horizonOf(behaviour, contacts.length, policy.lines);
  const hopeless = randomHopeless(chance, chains);
  const drawn = withConcurrency(chance, randomPolicies(chance, named, behaviour));
  const policies = withHopeless(drawn, hopeless);
  const outages = [
    ...configs.outages(horizonMs),
    ...hopelessOutages(hopeless, policy.outageWaitMs),
    ...randomOutages(chance, chains, policies, horizonMs, policy.outageWaitMs),
    ...exchangeOutages(chance, dialers.exchanges ?? [], horizonMs, policy.outageWaitMs),
  ];
  return {
    seed,
    contacts,
    sameNumber,
    chains,
    looksUp: chance.of(0.4, 'looks up'),
    policy,
    callsPerSecond: chance.pick([0.2, 1, 1, 2, 10, 1_000], 'pace'),
    policies: withoutLimits(chance, policies, outages),
    healthCheck: chance.of(0.6, 'health')
      ? { intervalMs: 30 * SECOND_MS, timeoutMs: 5 * SECOND_MS }
      : {
          intervalMs: chance.pick([5 * SECOND_MS, 20 * SECOND_MS, 2 * MINUTE_MS], 'interval'),
          timeoutMs: chance.pick([SECOND_MS, 8 * SECOND_MS], 'health timeout'),
        },
    behaviour,
    outages,
    capacities: randomCapacities(chance, chains, policies, horizonMs),
    quirks: {
      memory: chance.pick(['knows', 'knows', 'some', 'forgets'], 'memory'),
      hasty: chance.of(0.5, 'hasty'),
      deaf: chance.pick([0, 0, 0.1, 0.5, 1], 'deaf'),
      emptyTexts: chance.pick([0, 0, 0, 0.2], 'empty texts'),
      refusals: chance.pick([0, 0, 0, 0.2], 'refusals'),
      noNumbers: chance.pick([0, 0, 0, 0.2], 'no numbers'),
      accountChange: chance.pick([0, 0, 0, 2, 3], 'account change') || undefined,
      optOuts,
      ...dialers,
    },
    money: randomMoney(chance, contacts, named),
    other: withNeighbours(chance, configs.other, contacts, dialers),
    keepsAlertsApart: configs.keepsAlertsApart,
    lives: randomLives(chance, contacts, horizonMs, configs.livesLeast).map((plan, life) =>
      withConfig(plan, configs.life(life)),
    ),
    severities: chance.of(0.25, 'hears everything') ? undefined : ['critical', 'warning'],
    channels: randomChannels(chance, horizonMs),
  };
}

// ---------------------------------------------------------------------------- the list

function randomContacts(chance: Chance): readonly Contact[] {
  const least = chance.pick([1, 3, 3, 10], 'contacts at least');
  const count = chance.of(0.08, 'alone') ? 1 : chance.wholeByRatio(least, 40, 'contacts');
  const hasLanguages = chance.of(0.3, 'languages');
  return Array.from({ length: count }, (_, index) => {
    const id = `c${index + 1}`;
    const isSpanish = hasLanguages && chance.of(0.5, 'language', id);
    return {
      id,
      name: chance.of(0.9, 'name', id) ? `Person ${index + 1}` : undefined,
      phone: `+1${200 + Math.floor(index / 100)}5550${100 + (index % 100)}`,
      language: isSpanish ? 'es' : undefined,
      timezone: undefined,
      email: undefined,
      variables: {},
      line: index + 2,
    };
  });
}

// ---------------------------------------------------------------------------- the services

function randomChains(chance: Chance): ChainNames {
  const chain = (role: Role): readonly string[] => {
    const names = VENDORS.filter((place) => place.role === role).map(({ service }) => service);
    // A preview stands alone: whoever falls back to it would tell calls that nobody got.
    const vendors = names.filter((name) => name !== PREVIEW);
    if (role === 'dialer' && chance.of(0.12, 'preview')) return [PREVIEW];
    return chance.some(vendors, chance.pick([1, 1, 1, 2, 2, 3], 'chain', role), 'vendors', role);
  };
  return { llm: chain('llm'), tts: chain('tts'), dialer: chain('dialer'), crm: chain('crm') };
}

function randomBehaviour(chance: Chance): Behaviour {
  if (chance.of(0.4, 'behaviour')) return DEFAULT_BEHAVIOUR;
  const time = (leastMs: number, mostMs: number, what: string): number =>
    chance.wholeByRatio(leastMs, mostMs, what);
  return {
    answerMs: {
      llm: time(10, 4_000, 'llm'),
      tts: time(10, 3_000, 'tts'),
      dialer: time(10, 3_000, 'dialer'),
      crm: time(5, 2_000, 'crm'),
    },
    ringMs: time(SECOND_MS, 30_000, 'ring'),
    noAnswerMs: time(SECOND_MS, MINUTE_MS, 'no answer'),
    talkMs: time(SECOND_MS, 2 * MINUTE_MS, 'talk'),
    shares: chance.of(0.5, 'shares')
      ? DEFAULT_BEHAVIOUR.shares
      : { answered: 0.2, voicemail: 0.2, busy: 0.2, no_answer: 0.2, invalid_number: 0.2 },
  };
}

/** A service that never answers in time could never finish: limits lie above what is usual. */
const SLOWEST_SHARE = 1.5;

const DEFAULT_POLICIES: GuardPolicies = {
  retry: DEFAULT_RETRY,
  circuitBreaker: { failureThreshold: 4, recoveryTimeoutMs: MINUTE_MS, halfOpenMaxCalls: 1 },
  timeouts: { requestMs: 15 * SECOND_MS, callMs: 10 * MINUTE_MS },
};

function randomPolicies(
  chance: Chance,
  chains: ChainNames,
  behaviour: Behaviour,
): RandomWorld['policies'] {
  const places = ROLES.flatMap((role) => chains[role].map((service) => ({ role, service })));
  const general = chance.of(0.5, 'general') ? undefined : somePolicies(chance, 'general', 0);
  return Object.fromEntries(
    places.map(({ service }) => {
      const slowestMs = Math.max(
        ...places
          .filter((place) => place.service === service)
          .map((place) => SLOWEST_SHARE * answerMs(behaviour, place)),
      );
      const own = chance.of(0.4, 'own policy', service);
      const policies = own ? somePolicies(chance, service, slowestMs) : general;
      return [service, withTime(policies ?? DEFAULT_POLICIES, slowestMs)];
    }),
  );
}

function withTime(policies: GuardPolicies, slowestMs: number): GuardPolicies {
  const { requestMs, callMs } = policies.timeouts;
  return { ...policies, timeouts: { requestMs: Math.max(requestMs, 2 * slowestMs), callMs } };
}

function somePolicies(chance: Chance, who: string, slowestMs: number): GuardPolicies {
  const initialDelayMs = chance.wholeByRatio(20, 8_000, who, 'initial delay');
  return {
    retry: {
      initialDelayMs,
      backoffFactor: chance.pick([1, 1.5, 2, 2, 3], who, 'factor'),
      maxRetries: chance.whole(0, 4, who, 'retries'),
      maxDelayMs: Math.max(initialDelayMs, chance.wholeByRatio(1_500, 90_000, who, 'max delay')),
      jitter: chance.pick([0, 0.1, 0.5], who, 'jitter'),
    },
    circuitBreaker: {
      failureThreshold: chance.whole(1, 6, who, 'threshold'),
      recoveryTimeoutMs: chance.wholeByRatio(SECOND_MS, 2 * MINUTE_MS, who, 'recovery'),
      halfOpenMaxCalls: chance.whole(1, 3, who, 'half open'),
    },
    timeouts: {
      requestMs: chance.wholeByRatio(Math.max(100, 2 * slowestMs), 20_000, who, 'request'),
      callMs: chance.pick([10 * MINUTE_MS, 10 * MINUTE_MS, MINUTE_MS], who, 'call'),
    },
  };
}

function randomPolicy(chance: Chance): RandomWorld['policy'] {
  return {
    lines: chance.pick([1, 1, 2, 2, 4, 4, 8, 50], 'lines'),
    onOutage: chance.of(0.7, 'on outage') ? 'skip' : 'pause',
    outageWaitMs: chance.pick([MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS], 'outage wait'),
  };
}

// ---------------------------------------------------------------------------- bad luck

/** Roughly how long the list takes while nothing is wrong. */
function horizonOf(behaviour: Behaviour, contacts: number, lines: number): number {
  const { answerMs: answers, ringMs, talkMs } = behaviour;
  const callMs = answers.llm + answers.tts + answers.dialer + answers.crm + ringMs + talkMs / 2;
  return Math.max(20 * SECOND_MS, callMs * Math.ceil(contacts / lines));
}

function randomOutages(
  chance: Chance,
  chains: ChainNames,
  policies: RandomWorld['policies'],
  horizonMs: number,
  outageWaitMs: number,
): readonly Outage[] {
  const count = chance.pick([0, 1, 2, 2, 3, 3, 4, 6], 'outages');
  const most = Math.round(2 * outageWaitMs);
  const special = (role: Role, what: string, share: number, fault: Fault): readonly Outage[] => {
    if (!chance.of(share, what)) return [];
    const startMs = Math.round(0.5 * horizonMs * chance.fraction(what, 'start'));
    const endMs = startMs + chance.wholeByRatio(MINUTE_MS, most, what, 'length');
    const places = [{ role, service: chance.pick(chains[role], what, 'service') }];
    return [{ name: what, places, startMs, endMs, fault }];
  };
  const requestMs = policies[chains.dialer[0] ?? '']?.timeouts.requestMs ?? 0;
  const byMs = Math.max(100, requestMs + chance.whole(-1_000, 15_000, 'late by'));
  const role = chance.pick(ROLES, 'picky role');
  const share = chance.pick([0.1, 0.2, 0.4], 'picky share');
  const drawn = Array.from({ length: count }, (_, index) => {
    const target = randomTarget(chance, chains, index);
    // The long ones come early enough for the first life to wait in vain.
    const isLong = chance.of(0.2, 'outage', index);
    const startMs = Math.round(
      (isLong ? 0.2 : 1.2) * horizonMs * chance.fraction('outage start', index),
    );
    const lengthMs = isLong
      ? chance.wholeByRatio(outageWaitMs / 2, 3 * outageWaitMs, 'outage length', index)
      : chance.wholeByRatio(SECOND_MS, outageWaitMs, 'outage length', index);
    const { places } = placesOf(target, chains);
    const service = chance.pick(places, 'outage place', index).service;
    return {
      name: target.type === 'all' ? 'all' : target.type === 'role' ? target.role : target.service,
      places,
      startMs,
      endMs: startMs + lengthMs,
      fault: randomFault(chance, policies[service]?.timeouts.requestMs ?? 0, index),
    };
  });
  return [
    ...special('dialer', 'late', 0.25, { type: 'late', byMs }),
    ...special(role, 'picky', 0.25, { type: 'picky', share }),
    ...drawn,
  ];
}

/**
 * The only service of a role that fails most requests, and none of them is retried: some contacts
 * fail over and over while others go through.
 */
function randomHopeless(chance: Chance, chains: ChainNames): Place | undefined {
  if (!chance.of(0.1, 'hopeless')) return undefined;
  const role = chance.pick(['llm', 'tts', 'dialer'] as const, 'hopeless role');
  const [service, ...others] = chains[role];
  return service === undefined || others.length > 0 ? undefined : { role, service };
}

/** Services that never answer: a limit of nothing would wait for them for ever. */
const SILENT: ReadonlySet<Fault['type']> = new Set(['timeout', 'late']);

/** Somebody sets no time limit, which 0 means; where every request is answered in the end. */
function withoutLimits(
  chance: Chance,
  policies: RandomWorld['policies'],
  outages: readonly Outage[],
): RandomWorld['policies'] {
  if (outages.some(({ fault }) => SILENT.has(fault.type))) return policies;
  return Object.fromEntries(
    Object.entries(policies).map(([service, its]) => {
      const requestMs = chance.of(0.1, 'no limit', service) ? 0 : its.timeouts.requestMs;
      const callMs = chance.of(0.1, 'no call limit', service) ? 0 : its.timeouts.callMs;
      return [service, { ...its, timeouts: { requestMs, callMs } }];
    }),
  );
}

function withHopeless(
  policies: RandomWorld['policies'],
  hopeless: Place | undefined,
): RandomWorld['policies'] {
  const its = policies[hopeless?.service ?? ''];
  if (hopeless === undefined || its === undefined) return policies;
  const retry = { ...its.retry, maxRetries: 0 };
  const circuitBreaker = {
    ...its.circuitBreaker,
    failureThreshold: 6,
    recoveryTimeoutMs: SECOND_MS,
  };
  return { ...policies, [hopeless.service]: { ...its, retry, circuitBreaker } };
}

function hopelessOutages(hopeless: Place | undefined, outageWaitMs: number): readonly Outage[] {
  if (hopeless === undefined) return [];
  const fault: Fault = { type: 'flaky', share: 0.65 };
  const endMs = 2 * outageWaitMs;
  return [{ name: hopeless.service, places: [hopeless], startMs: 0, endMs, fault }];
}

function randomTarget(chance: Chance, chains: ChainNames, index: number): Target {
  const type = chance.pick(['service', 'service', 'service', 'role', 'all'], 'target', index);
  const role = chance.pick(ROLES, 'target role', index);
  if (type === 'role') return { type, role };
  if (type === 'all') return { type };
  return { type: 'service', service: chance.pick(chains[role], 'target service', index) };
}

/** @param requestMs how long an answer is waited for: just too late is worst */
function randomFault(chance: Chance, requestMs: number, index: number): Fault {
  const byMs = chance.of(0.3, 'slow', index)
    ? chance.wholeByRatio(100, 40_000, 'slow by', index)
    : requestMs + chance.whole(-1_000, 15_000, 'too slow by', index);
  const retryAfterMs = chance.wholeByRatio(SECOND_MS, 20 * MINUTE_MS, 'retry after', index);
  const share = chance.pick([0.1, 0.3, 0.6, 0.9], 'flaky share', index);
  const faults: readonly Fault[] = [
    { type: '503' },
    { type: '503' },
    { type: '429', retryAfterMs },
    { type: '401' },
    { type: '400' },
    { type: 'refused' },
    { type: 'timeout' },
    { type: 'timeout' },
    { type: 'reset' },
    { type: 'reset' },
    { type: 'slow', byMs: Math.max(100, byMs) },
    { type: 'slow', byMs: Math.max(100, byMs) },
    { type: 'flaky', share },
    { type: 'flaky', share },
  ];
  return chance.pick(faults, 'fault', index);
}
