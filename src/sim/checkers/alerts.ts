/**
 * What is promised to whoever is woken: one alert, and one all clear, whatever happens between.
 */
import { ROLES } from '../../domain/words.ts';
import type { Checker, Violation } from '../check.ts';
import type { Sighting } from '../sighting.ts';
import { ALERT_MS, OPERATOR } from '../simulated-channels.ts';
import { type Change, changesOf, stateAt } from './alert-states.ts';
import {
  type Evidence,
  evidenceOf,
  type Life,
  type Mark,
  type Of,
  placesNamed,
  ROUNDING_MS,
  toldOf,
} from './evidence.ts';
import { isSuspect } from './health-spells.ts';

type Found = Omit<Violation, 'checker'>;
type Alert = Of<'alerted'> & Mark;

export const ONE_ALERT: Checker = {
  name: 'one alert',
  promise:
    'An outage of a service in use is told once, whatever a kill came upon, once more where it ' +
    'was told as a warning before, and once that it is over, when all of it is, or that nobody ' +
    'names the service any more.',
  check: (seen) => {
    if (!seen.promised.alerts) return [];
    const evidence = evidenceOf(seen);
    const alerts = seen.log.flatMap((sight, index) =>
      isTheOperators(sight) && sight.kind !== 'notice' ? [{ ...sight, index }] : [],
    );
    const services = [...new Set(placesNamed(evidence).map(({ service }) => service))];
    return [
      ...repeated(evidence, alerts),
      ...services.flatMap((service) => misjudged(evidence, service, alerts)),
      ...endings(evidence, alerts),
    ];
  },
};

/** Told by the channel that always works: what the others make of it, `channels.ts` judges. */
export function isTheOperators(sight: Sighting): sight is Of<'alerted'> {
  return sight.type === 'alerted' && sight.channel === OPERATOR;
}

// ---------------------------------------------------------------------------- twice

/** Raised twice on one channel with no recovery between, or the other way round. */
function repeated(evidence: Evidence, alerts: readonly Alert[]): readonly Found[] {
  const groups = Map.groupBy(alerts, ({ channel, key }) => `${key} on ${channel}`);
  return [...groups].flatMap(([what, its]) => {
    return its.flatMap((one, position) => {
      const before = its[position - 1];
      if (one.kind !== (before?.kind ?? 'recovered')) return [];
      if (one.was !== undefined && before?.was === undefined) return [];
      if (before !== undefined && isResent(evidence, before, one)) return [];
      if (before !== undefined && isOnItsWay(evidence, before, one)) return [];
      const isJudged = isService(one) || isOfBudget(one) || isOwn(one);
      // Whether the rest was to be told at all, others judge.
      if (one.kind === 'recovered' && !isJudged) return [];
      if (one.kind === 'recovered' && isWhole(evidence, before, one)) return [];
      return [{ atMs: one.atMs, message: `${what} is ${one.kind}, as it was before` }];
    });
  });
}

/** An outage that was over before it could be told: one message says both. */
function isWhole(evidence: Evidence, before: Alert | undefined, alert: Alert): boolean {
  const { log } = evidence.seen;
  const isOpened = log.slice((before?.index ?? -1) + 1, alert.index).some((sight) => {
    if (sight.type !== 'told') return false;
    const { event } = sight;
    if (event.type === 'run.finished')
      return (
        alert.key.startsWith('campaign:') && event.end === (isOfBudget(alert) ? 'budget' : 'outage')
      );
    const isDown = event.type === 'breaker.opened' || event.type === 'service.stalled';
    return isDown && alert.key === `service:${event.service}`;
  });
  if (isOpened || !alert.key.startsWith(SERVICE)) return isOpened;
  // One that was down before somebody began to use it, or that a kill left nobody sure of.
  const changes = changesOf(evidence, alert.key.slice(SERVICE.length));
  const isDown = changes.some(({ index, before: was, state }) => {
    const isBetween = index > (before?.index ?? -1) && index < alert.index;
    return isBetween && (was !== 'up' || state !== 'up');
  });
  const service = alert.key.slice(SERVICE.length);
  return isDown || isSuspect(evidence, service, before?.index ?? 0, alert.index);
}

const SERVICE = 'service:';

/**
 * A kill came upon the alert after it left and before that was on disk. Then another life sends
 * it, as the first thing that it does.
 */
export function isResent({ seen, lives }: Evidence, before: Alert, again: Alert): boolean {
  // Also one that had ended, whose last words were not on disk yet.
  const over = seen.log.find(({ type, run }) => type === 'killed' && run === before.run);
  if (again.run === before.run || over === undefined) return false;
  const sent = toldOf(seen.log, 'alert.sent').find(({ run, index, event }) => {
    const isIt = event.key === before.key && event.alert === before.kind;
    return isIt && run === before.run && index > before.index && event.channel === before.channel;
  });
  if (sent !== undefined && over.atMs > sent.atMs + ROUNDING_MS) return false;
  const began = lives.find(({ run }) => run === again.run)?.began;
  const earlier = seen.log
    .slice(0, again.index)
    .filter((sight) => isTheOperators(sight) && sight.run === again.run);
  return again.atMs <= (began?.atMs ?? 0) + earlier.length * ALERT_MS + ROUNDING_MS;
}

/** Another run was sending it, and had not heard yet that it was taken: it can be sent by both. */
function isOnItsWay({ seen, lives }: Evidence, before: Alert, again: Alert): boolean {
  const life = lives.find(({ run }) => run === before.run);
  const isOn = (life?.over?.index ?? Number.POSITIVE_INFINITY) > again.index;
  if (before.run === again.run || !isOn) return false;
  const sent = toldOf(seen.log, 'alert.sent').find(({ run, index, event }) => {
    const isIt = event.key === before.key && event.alert === before.kind;
    return isIt && run === before.run && index > before.index && event.channel === before.channel;
  });
  return sent === undefined || sent.index > again.index;
}

// ---------------------------------------------------------------------------- services

/** Outages that nobody heard of, ends that nobody heard of, and what was neither. */
function misjudged(
  evidence: Evidence,
  service: string,
  alerts: readonly Alert[],
): readonly Found[] {
  const key = `service:${service}`;
  const its = alerts.filter((alert) => alert.key === key);
  const changes = changesOf(evidence, service);
  const missing = changes.flatMap((change, position) => {
    const end = tellsBy(evidence, change, key);
    if (end === undefined || isTold(its, changes, position, end)) return [];
    // Told before for its health checks, as no less than it is now, or still in trouble for them.
    const last = its.findLast((alert) => alert.index <= change.index);
    const from = change.state === 'up' ? change.index : (last?.index ?? change.index);
    const isKnown =
      change.state === 'up' || (last?.kind === 'raised' && last.severity === 'critical');
    if (isKnown && isSuspect(evidence, service, from, end.index)) return [];
    const { atMs, state } = change;
    const what = state === 'up' ? AT_AN_END[change.because] : 'is down';
    return [{ atMs, message: `${service} ${what}, and nobody is told` }];
  });
  return [
    ...missing,
    ...its.flatMap((alert) => untrue(evidence, service, alert, its, changes)),
    ...unended(evidence, service, its, changes),
  ];
}

const AT_AN_END: Readonly<Record<Change['because'], string>> = {
  moved: 'is back',
  unused: 'is not in use any more',
  named: 'is back',
  killed: 'is back',
};

/** Whether what this change is about was told by `end`, as far as there was anything to tell. */
function isTold(
  alerts: readonly Alert[],
  changes: readonly Change[],
  position: number,
  end: Mark,
): boolean {
  const { index, before, state } = changes[position] as Change;
  const told = alerts.filter((alert) => alert.index > index && alert.index <= end.index);
  // After a kill it is not known what was told of before: only what has been seen counts.
  const last = alerts.findLast((alert) => alert.index <= index)?.kind ?? 'recovered';
  if (state === 'unsure') return true;
  if (state === 'up') {
    const isDue = before === 'down' || last === 'raised';
    return !isDue || told.some(({ kind }) => kind === 'recovered');
  }
  if (before === 'unsure' && last === 'raised') return true;
  if (told.some(({ kind }) => kind === 'raised')) return true;
  const over = changes.slice(position).find((later) => later.state === 'up');
  return told.some((alert) => alert.index > (over?.index ?? Number.POSITIVE_INFINITY));
}

/** Said to be back, or to be down, and it was neither; or said to be back for another reason. */
function untrue(
  evidence: Evidence,
  service: string,
  { kind, index, atMs, title = '' }: Alert,
  alerts: readonly Alert[],
  changes: readonly Change[],
): readonly Found[] {
  const since = alerts.findLast((alert) => alert.index < index && alert.kind !== kind)?.index ?? 0;
  const within = changes.filter((change) => change.index > since && change.index <= index);
  const states = [stateAt(changes, since), ...within.map(({ state }) => state)];
  if (kind === 'raised') {
    const isSure = states.every((state) => state === 'up');
    if (!isSure || isSuspect(evidence, service, since, index)) return [];
    return [{ atMs, message: `${service} is said to be down, and it is not` }];
  }
  if (states.every((state) => state === 'down')) {
    return [{ atMs, message: `${service} is said to be back, and it is not` }];
  }
  // The end of what only its health checks said is another.
  if (isSuspect(evidence, service, since, index)) return [];
  const ends = within.filter(({ state }) => state === 'up');
  const isKnown = ends.length > 0 && states.every((state) => state !== 'unsure') && title !== '';
  const isUnused = title.endsWith(UNUSED);
  if (!isKnown || ends.some(({ because }) => (because === 'unused') === isUnused)) return [];
  const why = isUnused ? 'not in use any more, and it works' : 'back, and nobody uses it';
  return [{ atMs, message: `${service} is said to be ${why}` }];
}

/** How the title of a notice ends that a service is over for who used it. */
const UNUSED = 'is not in use any more';

/** At the end of everything: told to be down, and it is not. */
function unended(
  evidence: Evidence,
  service: string,
  alerts: readonly Alert[],
  changes: readonly Change[],
): readonly Found[] {
  const over = evidence.lives.at(-1)?.over;
  if (over?.how !== 'ended' || alerts.at(-1)?.kind !== 'raised') return [];
  if (stateAt(changes, over.index) !== 'up' || isSuspect(evidence, service, over.index)) return [];
  return [{ atMs: over.atMs, message: `${service} works, and was said to be down` }];
}

/**
 * The end of the first run that must have told it; undefined where none did, or where it cannot
 * have been on disk.
 */
export function tellsBy(
  { seen, lives }: Evidence,
  { run, atMs }: Pick<Change, 'run' | 'atMs'>,
  key: string,
): Mark | undefined {
  const isLost = lives.some((life) => {
    return life.run === run && life.over?.how === 'killed' && life.over.atMs <= atMs + ROUNDING_MS;
  });
  if (isLost) return undefined;
  const failed = toldOf(seen.log, 'alert.failed').filter(({ event }) => {
    return event.key === key && event.channel === OPERATOR;
  });
  const late = new Set(failed.map((one) => one.run));
  return lives.find((life) => {
    // One that was on beside it need not know of it.
    const mayKnow = life.run === run || (life.run > run && life.began.atMs >= atMs);
    return mayKnow && isOrderly(life) && !late.has(life.run);
  })?.over;
}

function isOrderly({ over }: Life): boolean {
  return over?.how === 'ended';
}

// ---------------------------------------------------------------------------- runs

/** Its outage, and nothing else about it. */
function isService({ key }: Pick<Alert, 'key'>): boolean {
  return /^service:[^:]*$/.test(key);
}

function isOwn({ key }: Pick<Alert, 'key'>): boolean {
  return /^campaign:[^:]*$/.test(key);
}

function isOfBudget({ key }: Pick<Alert, 'key'>): boolean {
  return key.startsWith('campaign:') && key.endsWith(':budget');
}

/**
 * A run that gave up without a service to blame is told, until one ends as planned; and that the
 * budget is spent, until a run may spend again.
 */
function endings(evidence: Evidence, alerts: readonly Alert[]): readonly Found[] {
  const { seen, lives } = evidence;
  const started = toldOf(seen.log, 'run.started');
  return toldOf(seen.log, 'run.finished').flatMap(({ index, atMs, run, event: { end } }) => {
    const campaign = lives.find((life) => life.run === run)?.campaign ?? '';
    const its = alerts.filter((one) => isOfCampaign(one, campaign));
    const [own, budgets] = [its.filter((one) => !isOfBudget(one)), its.filter(isOfBudget)];
    const isOpen = openAtEnd(evidence, own, { run, atMs });
    const why: string[] = [];
    if (end === 'outage' && isOpen === false && !hasCause(evidence, alerts, { run, atMs, index }))
      why.push('gives up');
    const isPlanned = end === 'done' || end === 'limit' || end === 'until';
    if (isPlanned && isOpen === true) why.push('ends as planned');
    const isBudgetOpen = openAtEnd(evidence, budgets, { run, atMs });
    if (end === 'budget' && isBudgetOpen === false) why.push('has spent its budget');
    const start = started.find((one) => one.run === run)?.event;
    const maySpend = start !== undefined && start.isSpent !== true && end !== 'budget';
    if (maySpend && isBudgetOpen === true) why.push('may spend again');
    return why.map((what) => ({ atMs, message: `run ${run} ${what}, and nobody is told` }));
  });
}

/** @param campaign empty where the log knows only one */
function isOfCampaign({ key }: Alert, campaign: string): boolean {
  const own = `campaign:${campaign}`;
  return campaign === ''
    ? isOwn({ key }) || isOfBudget({ key })
    : key === own || key === `${own}:budget`;
}

/** Whether it was raised last when this run was over; undefined where that need not be told yet. */
function openAtEnd(
  evidence: Evidence,
  alerts: readonly Alert[],
  { run, atMs }: { readonly run: number; readonly atMs: number },
): boolean | undefined {
  const over = tellsBy(evidence, { run, atMs }, alerts[0]?.key ?? '');
  if (over === undefined || evidence.seen.log[over.index]?.run !== run) return undefined;
  return alerts.findLast((alert) => alert.index <= over.index)?.kind === 'raised';
}

/** Whether for some work nobody may have been there, which has its own alert. */
function hasCause(
  evidence: Evidence,
  alerts: readonly Alert[],
  end: { readonly run: number; readonly atMs: number; readonly index: number },
): boolean {
  const { chains } = evidence.lives.find(({ run }) => run === end.run) ?? evidence.seen.promised;
  return ROLES.some((role) => {
    return chains[role].every((service) => {
      const isDown = stateAt(changesOf(evidence, service), end.index) !== 'up';
      return isDown || isToldAsDown(evidence, service, alerts, end);
    });
  });
}

/** By its health checks, which may say that nothing gets through while its breaker is closed. */
function isToldAsDown(
  evidence: Evidence,
  service: string,
  alerts: readonly Alert[],
  end: { readonly run: number; readonly atMs: number; readonly index: number },
): boolean {
  const key = `${SERVICE}${service}`;
  const tells = tellsBy(evidence, end, key)?.index ?? end.index;
  const last = alerts.findLast((one) => one.key === key && one.index <= tells);
  return last?.kind === 'raised' && last.severity === 'critical';
}
