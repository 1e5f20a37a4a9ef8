/**
 * What is promised to whoever is put off: not for longer than it takes, not too many, and nobody
 * where the operator wants to wait.
 */
import { ROLES, type Role } from '../../domain/words.ts';
import type { Checker, Seen, Violation } from '../check.ts';
import type { Sight } from '../sighting.ts';
import { Away } from './away.ts';
import {
  chainsAt,
  type Evidence,
  type Exchange,
  evidenceOf,
  type Life,
  type Mark,
  ROUNDING_MS,
  type Told,
  toldOf,
} from './evidence.ts';
import { limitedServices } from './limits.ts';

type Found = Omit<Violation, 'checker'>;
type PutOff = Told<'contact.put_off'>;

/** For whom used-up retries are the reason, at least. */
export const ROUND_WAIT_MS = 30_000;
/** A record that failed over and over while others went through. */
export const RECORD_WAIT_MS = 60_000;

export const PUT_OFF_IN_MEASURE: Checker = {
  name: 'put off in measure',
  promise:
    'Nobody is put off for longer than their services can be away, or asked for; half a minute ' +
    'where retries are used up, a minute for a record.',
  check: (seen) => {
    const evidence = evidenceOf(seen);
    const away = new Away(evidence);
    const failed = failuresOf(evidence);
    const limited = limitedServices(evidence);
    const ended = new Set<string>();
    return seen.log.flatMap((sight, index): readonly Found[] => {
      noteEnd(ended, sight);
      if (sight.type !== 'told') return [];
      const { event, atMs } = sight;
      if (event.type !== 'contact.put_off') return [];
      const { contact, delayMs, reason, waitsFor } = event;
      const last = failed.get(contact)?.findLast(({ end }) => (end?.index ?? index) < index);
      const askedMs = last?.end?.type === 'failed' ? (last.end.failure.retryAfterMs ?? 0) : 0;
      const roundMs = ended.has(contact) ? RECORD_WAIT_MS : ROUND_WAIT_MS;
      // Who waited in vain for a place asks again after the first back-off.
      const placeMs = (waitsFor ?? [])
        .filter((service) => limited.has(service))
        .map((service) => {
          return seen.promised.policyOf(service).retry.initialDelayMs;
        });
      const ownMs = waitsFor === undefined ? Math.max(roundMs, askedMs) : Math.max(1, ...placeMs);
      const untilMs = away.rolesUntilMs({ index, atMs });
      // A record needs nobody but the CRM.
      const needed = ended.has(contact) ? untilMs.slice(ROLES.indexOf('crm')) : untilMs;
      const awayMs = Math.max(...needed, speakerMs(evidence, away, event, { index, atMs })) - atMs;
      const mostMs = Math.max(ownMs, awayMs);
      if (delayMs <= mostMs + ROUNDING_MS) return [];
      const message = `${contact} is put off for ${delayMs} ms (${reason}), not for ${mostMs} ms`;
      return [{ atMs, message }];
    });
  },
};

/** Until when those dialers are away that alone speak the language of whoever waits for them. */
function speakerMs(
  evidence: Evidence,
  away: Away,
  { waitsFor = [] }: { readonly waitsFor?: readonly string[] | undefined },
  at: Mark,
): number {
  const { quirks } = evidence.seen.promised;
  const chains = chainsAt(evidence, at.index);
  if (quirks.speaking === undefined || quirks.speaking.length === 0) return 0;
  const dialers = waitsFor.filter((service) => chains.dialer.includes(service));
  return Math.max(0, ...dialers.map((service) => away.untilMs({ role: 'dialer', service }, at)));
}

function failuresOf({ exchanges }: Evidence): ReadonlyMap<string, readonly Exchange[]> {
  const failed = exchanges.filter(({ end }) => end?.type === 'failed' || end?.type === 'timed_out');
  return Map.groupBy(failed, ({ sight }) => sight.contact ?? '');
}

/**
 * Who has an outcome, and at most a record to come. A kill can come after the outcome was kept and
 * before it was told; the record that is sent then shows it.
 */
function noteEnd(ended: Set<string>, sight: Sight): void {
  if (sight.type === 'settled' && sight.outcome === 'again') ended.delete(sight.contact);
  if (sight.type === 'told' && sight.event.type === 'call.finished') {
    ended.add(sight.event.contact);
  }
  if (sight.type === 'request' && sight.method === 'record') ended.add(sight.contact ?? '');
}

/**
 * Put off without having been taken up: they met a service that was away. Records that are owed
 * are taken up without a word, so they are left out.
 */
function turnedAway(log: Seen['log'], life: Life): readonly PutOff[] {
  const inHand = new Set<string>();
  const ended = new Set<string>();
  const found: PutOff[] = [];
  for (const [index, sight] of log.entries()) {
    noteEnd(ended, sight);
    if (sight.type !== 'told') continue;
    const { event, run, atMs } = sight;
    if (run !== life.run) continue;
    if (event.type === 'call.started') inHand.add(event.contact);
    if (event.type !== 'contact.put_off') continue;
    const wasInHand = inHand.delete(event.contact);
    if (wasInHand || ended.has(event.contact)) continue;
    found.push({ index, atMs, run, event });
  }
  return found;
}

/** Contacts put off in a row, per line and opening. */
const SKIPS_MAX = 5;

export const FEW_PUT_OFF: Checker = {
  name: 'few put off',
  promise: 'An outage puts at most five contacts off per line, then the line waits as well.',
  check: (seen) => {
    const evidence = evidenceOf(seen);
    const { lives, exchanges } = evidence;
    const away = new Away(evidence);
    const outages = outagesOf(seen);
    // Whoever has a text waits for nobody who writes, though the same vendor does both.
    const written = exchanges.filter(({ sight, end }) => {
      return sight.method === 'write' && end?.type === 'answered';
    });
    const hasText = (contact: string, index: number): boolean =>
      written.some(({ sight, end }) => sight.contact === contact && (end?.index ?? index) < index);
    return lives.flatMap((life) => {
      const most = SKIPS_MAX * life.policy.lines;
      const counts = new Map<string, number>();
      return turnedAway(seen.log, life).flatMap(({ index, atMs, event }) => {
        // Whoever was taken up to try a service, and came too late for that, is another matter.
        const roles = ROLES.filter((role) => {
          const services = life.chains[role];
          return (
            !(role === 'llm' && hasText(event.contact, index)) &&
            services.every((service) => event.waitsFor?.includes(service)) &&
            services.every((service) => away.isShut({ role, service }, { index, atMs }))
          );
        });
        return roles.flatMap((role) => {
          const opened = outages.findLast((one) => one.role === role && one.index < index);
          const outage = `${role} ${opened?.index ?? 0}`;
          const count = (counts.get(outage) ?? 0) + 1;
          counts.set(outage, count);
          if (count !== most + 1) return [];
          const message = `${event.contact} is put off for ${role}, after ${most} others`;
          return [{ atMs, message }];
        });
      });
    });
  },
};

/** Openings that begin an outage: a trial that fails belongs to the one before. */
function outagesOf({ log }: Seen): readonly { readonly role: Role; readonly index: number }[] {
  const open = new Set<string>();
  const found: { role: Role; index: number }[] = [];
  for (const [index, sight] of log.entries()) {
    // What a life that was killed told last, it may not have kept.
    if (sight.type === 'killed') open.clear();
    if (sight.type !== 'told') continue;
    const { event } = sight;
    if (event.type !== 'breaker.opened' && event.type !== 'breaker.closed') continue;
    const { role, service, type } = event;
    const name = `${role} ${service}`;
    if (type === 'breaker.closed') open.delete(name);
    if (type === 'breaker.opened' && !open.has(name)) found.push({ role, index });
    if (type === 'breaker.opened') open.add(name);
  }
  return found;
}

export const PAUSE_OBEYED: Checker = {
  name: 'pause obeyed',
  promise: 'Told to pause at an outage, a run puts off nobody whom it has not in hand.',
  check: (seen) => {
    const { lives, exchanges } = evidenceOf(seen);
    const failures = exchanges.flatMap(({ end }) => (end?.type === 'failed' ? [end.atMs] : []));
    const openings = toldOf(seen.log, 'breaker.opened').map(({ atMs }) => atMs);
    const changes = [...failures, ...openings];
    const paused = lives.filter(({ policy }) => policy.onOutage === 'pause');
    return paused.flatMap((life) => {
      return turnedAway(seen.log, life).flatMap(({ atMs, event }) => {
        // A claim can be on its way when the service goes away.
        if (changes.some((changedMs) => Math.abs(changedMs - atMs) <= ROUNDING_MS)) return [];
        return [{ atMs, message: `${event.contact} is put off: ${event.reason}` }];
      });
    });
  },
};
