/**
 * What the checkers say of a world that was lived through: each campaign by itself, and over all of
 * them what the campaigns of one disk have in common.
 */
import type { Contact } from '../domain/contact.ts';
import type { Promised, Seen, Standing, Violation } from './check.ts';
import { ONE_ALERT } from './checkers/alerts.ts';
import { CHANNEL_CHECKERS } from './checkers/channels.ts';
import { ONE_RUN } from './checkers/locks.ts';
import { OPTED_OUT } from './checkers/opt-outs.ts';
import { violationsOf } from './checkers.ts';
import type { Outage } from './outage.ts';
import type { RandomWorld } from './random-world.ts';
import type { Sighting } from './sighting.ts';
import { sightingText } from './sighting-text.ts';
import { OPERATOR } from './simulated-channels.ts';

/** Under this name every world's campaign is kept; under the other, a second one on its disk. */
export const HUNT_CAMPAIGN = 'hunt';
export const OTHER_CAMPAIGN = 'other';

/** What one play leaves to be judged. */
export interface Lived {
  readonly log: readonly Sighting[];
  /** Where the contacts of a campaign stand, by their ids. */
  readonly standings: (campaign: string) => ReadonlyMap<string, Standing>;
  /** As they really were: what was left of them when everything healed is gone. */
  readonly outages: readonly Outage[];
}

/** Every promise that was broken in one play of a world. */
export function judged(
  world: RandomWorld,
  { log, standings, outages }: Lived,
): readonly Violation[] {
  const { chains, sameNumber, callsPerSecond, policies, healthCheck } = world;
  const { contacts, other, quirks, money } = world;
  const promised: Promised = {
    contacts,
    chains,
    sameNumber,
    callsPerSecond,
    policyOf: (service) => {
      const policy = policies[service];
      if (policy === undefined) throw new Error(`no policy for ${service}`);
      return policy;
    },
    healthCheck,
    outages,
    quirks,
    money,
    alerts: true,
    channels: [{ name: OPERATOR, severities: world.severities }, ...(world.channels ?? [])],
  };
  const own: Seen = { promised, log, standings: standings(HUNT_CAMPAIGN) };
  if (other === undefined) return violationsOf(own);
  const sharedPhones = sharedBy(contacts, other.contacts);
  const shared = { ...promised, sharedPhones, alerts: false };
  const others = { ...shared, contacts: other.contacts, money: undefined };
  return [
    ...violationsOf({
      ...own,
      promised: shared,
      log: logOf(log, HUNT_CAMPAIGN),
    }),
    ...violationsOf({
      promised: others,
      log: logOf(log, OTHER_CAMPAIGN),
      standings: standings(OTHER_CAMPAIGN),
    }),
    // Of alerts there is one book for all campaigns, and a lock for each.
    ...violationsOf(own, [ONE_ALERT, ...CHANNEL_CHECKERS, ONE_RUN]),
    // And one of those who are not to be rung.
    ...violationsOf({ ...own, promised: shared }, [OPTED_OUT]),
  ];
}

function sharedBy(one: readonly Contact[], other: readonly Contact[]): ReadonlySet<string> {
  const phones = new Set(one.map(({ phone }) => phone));
  return new Set(other.map(({ phone }) => phone).filter((phone) => phones.has(phone)));
}

/**
 * What one campaign has lived through, up to the end of its last life. What lives of another did to
 * services and breakers is not known: before a life that they may have changed something for there
 * is one in it that is killed as it begins.
 */
function logOf(log: readonly Sighting[], campaign: string): readonly Sighting[] {
  const own = new Set<number>();
  for (const sight of log) {
    if (sight.type === 'began' && sight.campaign === campaign) own.add(sight.run);
  }
  const last = log.findLastIndex(({ run }) => own.has(run));
  /** Of the life of another that began last; and those that are on. */
  let stranger: Extract<Sighting, { type: 'began' }> | undefined;
  const on = new Set<number>();
  return log.slice(0, last + 1).flatMap((sight, index): readonly Sighting[] => {
    const { run, atMs, type } = sight;
    // Who is turned away is no life, and its number is that of the next.
    if (type === 'locked_out') return sight.campaign === campaign ? [sight] : [];
    if (!own.has(run)) {
      if (type === 'began') {
        stranger = sight;
        on.add(run);
      }
      if (type === 'ended' || type === 'killed' || type === 'broke') on.delete(run);
      // The folder with the audio is one for all.
      return type === 'audio_deleted' ? [sight] : [];
    }
    if (type !== 'began' || stranger === undefined) return [sight];
    // No life has such a number.
    const its = { run: -index - 1, atMs };
    const before = [
      { ...stranger, ...its },
      { type: 'killed', at: 'a life of another campaign', ...its } as const,
    ];
    if (on.size === 0) stranger = undefined;
    return [...before, sight];
  });
}

/** What is not the same in two plays of one seed. */
export function difference(log: readonly Sighting[], again: readonly Sighting[]): Violation {
  const at = log.findIndex((one, index) => JSON.stringify(one) !== JSON.stringify(again[index]));
  const [one, other] = [log[at] ?? again[log.length], again[at]];
  const told = (sighting: Sighting | undefined): string =>
    sighting === undefined ? 'nothing more' : sightingText(sighting);
  return {
    checker: 'a seed plays the same again',
    atMs: (one ?? other)?.atMs ?? 0,
    message: `once: ${told(log[at])}; then: ${told(at < 0 ? again[log.length] : other)}`,
  };
}
