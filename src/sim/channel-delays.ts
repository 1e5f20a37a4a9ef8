/**
 * What channels in trouble cost the calls: the first life of a world is played once more, with
 * channels that work, and everything but the alerts must come at the same moments.
 */
import type { Violation } from './check.ts';
import { CHANNELS_COST_NOTHING } from './checkers/channels.ts';
import type { Sighting } from './sighting.ts';
import { sightingText } from './sighting-text.ts';
import { ALERT_MS } from './simulated-channels.ts';

const FIRST_RUN = 1;

/** Whether in its first life anything was sent that did not arrive at once. */
export function isTroubled(log: readonly Sighting[]): boolean {
  const answeredMs = new Map<string, number>();
  for (const sight of log) {
    if (sight.type !== 'alert_answered' || sight.failure !== undefined) continue;
    answeredMs.set(sight.send, sight.atMs);
  }
  return log.some((sight) => {
    if (sight.type !== 'alert_leaves' || sight.run !== FIRST_RUN) return false;
    return (answeredMs.get(sight.send) ?? Number.POSITIVE_INFINITY) > sight.atMs + ALERT_MS + 1;
  });
}

/** Where the first life does not go as it does with channels that work. */
export function delaysBetween(
  log: readonly Sighting[],
  sound: readonly Sighting[],
): readonly Violation[] {
  // A kill comes at another moment, also to a run beside it: each message is one at which it can.
  const killedMs = Math.min(killedAt(log), killedAt(sound));
  const [one, other] = [workOf(log, killedMs), workOf(sound, killedMs)];
  const at = one.findIndex(({ text }, index) => text !== other[index]?.text);
  const index = at < 0 && other.length > one.length ? one.length : at;
  if (index < 0) return [];
  const told = (sight: Sighting | undefined): string =>
    sight === undefined ? 'nothing more' : sightingText(sight);
  const [here, there] = [one[index]?.sight, other[index]?.sight];
  return [
    {
      checker: CHANNELS_COST_NOTHING.name,
      atMs: (here ?? there)?.atMs ?? 0,
      message: `with channels in trouble: ${told(here)}; with sound ones: ${told(there)}`,
    },
  ];
}

function killedAt(log: readonly Sighting[]): number {
  const killed = log.find(({ type }) => type === 'killed');
  return killed?.atMs ?? Number.POSITIVE_INFINITY;
}

/** What it does but for alerts, until its work is done. Within one moment the order is free. */
function workOf(log: readonly Sighting[], untilMs: number) {
  const end = log.findIndex((sight) => {
    return sight.type === 'told' && sight.event.type === 'run.finished';
  });
  return log
    .slice(0, end < 0 ? undefined : end + 1)
    .filter((sight) => sight.run === FIRST_RUN && sight.atMs < untilMs && !isOfAlerts(sight))
    .map((sight) => ({ sight, text: JSON.stringify(sight) }))
    .sort((a, b) => a.sight.atMs - b.sight.atMs || (a.text < b.text ? -1 : 1));
}

function isOfAlerts(sight: Sighting): boolean {
  if (sight.type !== 'told') return sight.type.startsWith('alert');
  return sight.event.type.startsWith('alert.');
}
