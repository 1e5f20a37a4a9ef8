/**
 * What is promised to whoever is woken: one alert, and one all clear, whatever happens between.
 */
import { ROLES } from '../../domain/words.ts';
import type { Checker, Violation } from '../check.ts';
import { ALERT_MS } from '../simulated-services.ts';
import {
  type Evidence,
  evidenceOf,
  isGuarded,
  type Life,
  type Mark,
  type Of,
  placeName,
  ROUNDING_MS,
  toldOf,
} from './evidence.ts';

type Found = Omit<Violation, 'checker'>;
type Alert = Of<'alerted'> & Mark;

export const ONE_ALERT: Checker = {
  name: 'one alert',
  promise: 'An outage is told once, and once that it is over, when all of it is.',
  check: (seen) => {
    if (!seen.promised.alerts) return [];
    const evidence = evidenceOf(seen);
    const alerts = seen.log.flatMap((sight, index) =>
      sight.type === 'alerted' && sight.kind !== 'notice' ? [{ ...sight, index }] : [],
    );
    const services = [...new Set(Object.values(seen.promised.chains).flat())];
    return [
      ...repeated(evidence, alerts),
      ...services.flatMap((service) => misjudged(evidence, service, alerts)),
      ...endings(evidence, alerts),
    ];
  },
};

// ---------------------------------------------------------------------------- twice

/** Raised twice on one channel with no recovery between, or the other way round. */
function repeated(evidence: Evidence, alerts: readonly Alert[]): readonly Found[] {
  const groups = Map.groupBy(alerts, ({ channel, key }) => `${key} on ${channel}`);
  return [...groups].flatMap(([what, its]) => {
    return its.flatMap((one, position) => {
      const before = its[position - 1];
      if (one.kind !== (before?.kind ?? 'recovered')) return [];
      if (before !== undefined && isResent(evidence, alerts, before, one)) return [];
      const isJudged = isService(one) || isOfBudget(one) || isOwn(one);
      // Whether the rest was to be told at all, others judge.
      if (one.kind === 'recovered' && !isJudged) return [];
      if (one.kind === 'recovered' && isWhole(evidence, before, one)) return [];
      return [{ atMs: one.atMs, message: `${what} is ${one.kind}, as it was before` }];
    });
  });
}

/** An outage that was over before it could be told: one message says both. */
function isWhole({ seen }: Evidence, before: Alert | undefined, alert: Alert): boolean {
  return seen.log.slice((before?.index ?? -1) + 1, alert.index).some((sight) => {
    if (sight.type !== 'told') return false;
    const { event } = sight;
    if (event.type === 'run.finished')
      return (
        alert.key.startsWith('campaign:') && event.end === (isOfBudget(alert) ? 'budget' : 'outage')
      );
    return event.type === 'breaker.opened' && alert.key === `service:${event.service}`;
  });
}

/**
 * A kill came upon the alert after it left and before that was on disk. Then another life sends
 * it, as the first thing that it does.
 */
function isResent(
  { seen, lives }: Evidence,
  alerts: readonly Alert[],
  before: Alert,
  again: Alert,
): boolean {
  // Also one that had ended, whose last words were not on disk yet.
  const over = seen.log.find(({ type, run }) => type === 'killed' && run === before.run);
  if (again.run === before.run || over === undefined) return false;
  const sent = toldOf(seen.log, 'alert.sent').find(({ run, index, event }) => {
    const isIt = event.key === before.key && event.alert === before.kind;
    return isIt && run === before.run && index > before.index && event.channel === before.channel;
  });
  if (sent !== undefined && over.atMs > sent.atMs + ROUNDING_MS) return false;
  const began = lives.find(({ run }) => run === again.run)?.began;
  const earlier = alerts.filter(({ run, index }) => run === again.run && index < again.index);
  return again.atMs <= (began?.atMs ?? 0) + earlier.length * ALERT_MS + ROUNDING_MS;
}

// ---------------------------------------------------------------------------- services

/** `unsure` after a kill that came before a change can have been on disk. */
type State = 'up' | 'down' | 'unsure';

/** From here on. */
interface Change extends Mark {
  readonly run: number;
  readonly before: State;
  readonly state: State;
}

/** Outages that nobody heard of, ends that nobody heard of, and ends that were none. */
function misjudged(
  evidence: Evidence,
  service: string,
  alerts: readonly Alert[],
): readonly Found[] {
  const key = `service:${service}`;
  const its = alerts.filter((alert) => alert.key === key);
  const changes = changesOf(evidence, service);
  const missing = changes.flatMap((change, position) => {
    const { atMs, index, before, state } = change;
    const end = tellsBy(evidence, change, key);
    if (end === undefined) return [];
    const told = its.filter((alert) => alert.index > index && alert.index <= end.index);
    const isBack = told.some(({ kind }) => kind === 'recovered');
    if (before === 'down' && state === 'up' && !isBack) {
      return [{ atMs, message: `${service} is back, and nobody is told` }];
    }
    if (before !== 'up' || state !== 'down' || told.some(({ kind }) => kind === 'raised'))
      return [];
    const over = changes.slice(position).find((later) => later.state === 'up');
    const isToldOver = told.some(
      (alert) => alert.index > (over?.index ?? Number.POSITIVE_INFINITY),
    );
    if (isToldOver) return [];
    return [{ atMs, message: `the breaker of ${service} opens, and nobody is told` }];
  });
  const early = its.flatMap(({ kind, index, atMs }) => {
    if (kind === 'raised') return [];
    const since = its.findLast((alert) => alert.index < index && alert.kind === 'raised')?.index;
    const within = changes.filter((change) => change.index > (since ?? 0) && change.index <= index);
    const states = [stateAt(changes, since ?? 0), ...within.map(({ state }) => state)];
    if (states.some((state) => state !== 'down')) return [];
    return [{ atMs, message: `${service} is said to be back, and it is not` }];
  });
  return [...missing, ...early, ...unended(evidence, service, its, changes)];
}

/** At the end of everything: told to be down, and it is not. */
function unended(
  { lives }: Evidence,
  service: string,
  alerts: readonly Alert[],
  changes: readonly Change[],
): readonly Found[] {
  const over = lives.at(-1)?.over;
  if (over?.how !== 'ended' || alerts.at(-1)?.kind !== 'raised') return [];
  if (stateAt(changes, over.index) !== 'up') return [];
  return [{ atMs: over.atMs, message: `${service} works, and was said to be down` }];
}

export function stateAt(changes: readonly Change[], index: number): State {
  return changes.findLast((change) => change.index <= index)?.state ?? 'up';
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
  const failed = toldOf(seen.log, 'alert.failed').filter(({ event }) => event.key === key);
  const late = new Set(failed.map((one) => one.run));
  return lives.find((life) => life.run >= run && isOrderly(life) && !late.has(life.run))?.over;
}

function isOrderly({ over }: Life): boolean {
  return over?.how === 'ended';
}

/** What a service went through, in all the roles that it fills. */
export function changesOf(
  { seen, exchanges, lives }: Evidence,
  service: string,
): readonly Change[] {
  const { log, promised } = seen;
  const roles = ROLES.filter((role) => promised.chains[role].includes(service));
  const states = new Map<string, State>(roles.map((role) => [placeName({ role, service }), 'up']));
  const movedMs = new Map<string, number>();
  const proofs = new Map<number, string>();
  for (const { end, place } of exchanges.filter(isGuarded)) {
    if (end?.type === 'answered') proofs.set(end.index, place);
  }
  const changes: Change[] = [];
  const put = (place: string, next: State, mark: Mark & { readonly run: number }): void => {
    if (states.get(place) === undefined || states.get(place) === next) return;
    const before = stateOf(states);
    states.set(place, next);
    const state = stateOf(states);
    if (state !== before) changes.push({ ...mark, before, state });
  };
  for (const [index, sight] of log.entries()) {
    const { atMs, run } = sight;
    const mark = { index, atMs, run };
    const moved = sight.type === 'told' ? movedBy(sight.event) : undefined;
    if (moved !== undefined) {
      movedMs.set(moved.place, atMs);
      put(moved.place, moved.state, mark);
    }
    // What is asked and answered without a word of its breaker has one that is closed.
    const proven = proofs.get(index);
    if (proven !== undefined && states.get(proven) === 'unsure') put(proven, 'up', mark);
    if (sight.type !== 'killed') continue;
    const began = lives.find((life) => life.run === run)?.began.atMs ?? 0;
    for (const [place, lastMs] of movedMs) {
      if (lastMs >= Math.max(began, atMs - ROUNDING_MS)) put(place, 'unsure', mark);
    }
  }
  return changes;
}

function movedBy(event: Of<'told'>['event']): { place: string; state: State } | undefined {
  switch (event.type) {
    case 'breaker.opened':
    case 'breaker.half_open':
      return { place: placeName(event), state: 'down' };
    case 'breaker.closed':
      return { place: placeName(event), state: 'up' };
    default:
      return undefined;
  }
}

function stateOf(states: ReadonlyMap<string, State>): State {
  const all = [...states.values()];
  if (all.includes('down')) return 'down';
  return all.includes('unsure') ? 'unsure' : 'up';
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
  const { seen } = evidence;
  const its = alerts.filter((one) => isOfBudget(one) || isOwn(one));
  const [own, budgets] = [its.filter((one) => !isOfBudget(one)), its.filter(isOfBudget)];
  const started = toldOf(seen.log, 'run.started');
  return toldOf(seen.log, 'run.finished').flatMap(({ index, atMs, run, event: { end } }) => {
    const isOpen = openAtEnd(evidence, own, { run, atMs });
    const why: string[] = [];
    if (end === 'outage' && isOpen === false && !hasCause(evidence, index)) why.push('gives up');
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
function hasCause(evidence: Evidence, index: number): boolean {
  const { chains } = evidence.seen.promised;
  return ROLES.some((role) => {
    return chains[role].every((service) => stateAt(changesOf(evidence, service), index) !== 'up');
  });
}
