/**
 * What is promised to a call that waits for its next try when the breaker opens: it does not wait
 * for what would only turn it away.
 */
import type { Checker, Seen, Violation } from '../check.ts';
import {
  type Evidence,
  evidenceOf,
  placeName,
  ROUNDING_MS,
  type Told,
  toldOf,
} from './evidence.ts';
import { limitedFrom } from './limits.ts';
import { pausesOf } from './retries.ts';

type Found = Omit<Violation, 'checker'>;

export const STOPS_WAITING: Checker = {
  name: 'stops waiting',
  promise:
    'A call that waits for another try goes on at the very moment at which the breaker opens: to ' +
    'the next service, or back to the queue.',
  check: (seen) => {
    const evidence = evidenceOf(seen);
    const openings = toldOf(seen.log, 'breaker.opened');
    const signs = signsOf(seen);
    const mayWait = waitersOf(evidence);
    return toldOf(seen.log, 'retry.scheduled').flatMap((retry): readonly Found[] => {
      const { contact, delayMs, question } = retry.event;
      if (contact === undefined || question === true) return [];
      const untilMs = retry.atMs + delayMs;
      const its = (signs.get(`${retry.run} ${contact}`) ?? []).filter(
        ({ index }) => index > retry.index,
      );
      const place = placeName(retry.event);
      const opened = openings.find(({ index, run, event }) => {
        return index > retry.index && run === retry.run && placeName(event) === place;
      });
      if (opened === undefined || opened.atMs >= untilMs - ROUNDING_MS) return [];
      const [next] = its;
      if (next !== undefined && next.atMs <= opened.atMs + ROUNDING_MS) return [];
      const life = evidence.lives.find(({ run }) => run === retry.run);
      const cutMs = Math.min(...[life?.over, life?.stopped].map((one) => one?.atMs ?? Infinity));
      if (cutMs <= opened.atMs + ROUNDING_MS || mayWait(retry)) return [];
      const message =
        `${contact} waits for ${place} until ${next?.atMs ?? untilMs} ms, ` +
        `though its breaker opened at ${opened.atMs} ms`;
      return [{ atMs: opened.atMs, message }];
    });
  },
};

interface Sign {
  readonly index: number;
  readonly atMs: number;
}

/** What is seen of each contact in each run, from both sides. */
function signsOf({ log }: Seen): ReadonlyMap<string, readonly Sign[]> {
  const signs = new Map<string, Sign[]>();
  for (const [index, sight] of log.entries()) {
    const { run, atMs } = sight;
    const about = sight.type === 'told' ? sight.event : sight;
    if (!('contact' in about) || about.contact === undefined) continue;
    const name = `${run} ${about.contact}`;
    const list = signs.get(name) ?? [];
    list.push({ index, atMs });
    signs.set(name, list);
  }
  return signs;
}

/** Whether whoever is asked next may have reasons of its own to keep a call waiting. */
function waitersOf(evidence: Evidence): (retry: Told<'retry.scheduled'>) => boolean {
  const limited = limitedFrom(evidence);
  const paused = pausesOf(evidence);
  return ({ run, event: { role, service } }) => {
    const chains = evidence.lives.find((life) => life.run === run)?.chains;
    const names = chains?.[role] ?? [];
    const after = names.slice(names.indexOf(service) + 1);
    // A dialer has a pace.
    if (role === 'dialer') return after.length > 0;
    const places = after.map((name) => placeName({ role, service: name }));
    return places.some((place) => limited.has(place) || paused.has(place));
  };
}
