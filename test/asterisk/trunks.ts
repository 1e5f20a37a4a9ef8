/** Trunks that take no calls, and sound that is not there: no list is used up on them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bed } from './bed.ts';
import { Campaign, type Claimed, type DialerName, endOf, type Setting } from './campaign.ts';
import { people } from './people.ts';
import { type Findings, lineFree, type Scenario, witnessed } from './witness.ts';

interface Trunk {
  readonly endpoint?: string;
  readonly sounds?: string;
  readonly phones: readonly string[];
  readonly forMs: number;
  /** At most so many may get an outcome. */
  readonly usedUp: number;
  /** Whether anybody is at its other end. */
  readonly isThere?: boolean;
  /** What the alert has to say. */
  readonly says: RegExp;
}

const asUnseen = (claim: Claimed): Claimed => ({ ...claim, least: 0, most: 0 });

async function tried(
  bed: Bed,
  dialer: DialerName,
  { phones, forMs, usedUp, says, isThere = true, ...own }: Trunk,
  note: (figure: string) => void,
): Promise<Findings> {
  const setting: Setting = { dialer, lines: 4, ...own };
  const campaign = new Campaign(bed, 'trunk', setting, phones);
  const run = campaign.start();
  await sleep(forMs);
  run.kill('SIGTERM');
  const code = await endOf(run);
  const claims = campaign.claims();
  const done = claims.filter(({ outcome }) => outcome !== null).length;
  note(`${done} of ${claims.length} have an outcome after ${forMs / 1_000} s`);
  const alerts = campaign.alerts().map(({ text }) => text);
  return [
    ...(code === 75 ? [] : [`it ended with ${code}`]),
    ...(done <= usedUp ? [] : [`${done} have an outcome, not ${usedUp}`]),
    ...(alerts.length === 1 ? [] : [`${alerts.length} alerts: ${alerts.join(' | ')}`]),
    ...(alerts.some((text) => says.test(text)) ? [] : [`no alert says ${says.source}`]),
    ...(campaign.log().includes('"event":"breaker.opened"') ? [] : ['no breaker opened']),
    ...(await lineFree(bed)),
    // Nobody is behind a trunk that is dead: no record can be there of what went that way.
    ...(await witnessed(bed, isThere ? claims : claims.map(asUnseen))),
  ];
}

/** Nobody is there at all: five of them and those under way, and one for each trial. */
export const deadTrunk: Scenario = (bed, dialer, note) => {
  const endpoint = 'PJSIP/{number}@carrier-down';
  const says = /5 numbers in a row never rang/;
  const phones = people(30);
  const trunk = { endpoint, phones, forMs: 75_000, usedUp: 5 + 4 + 2, says, isThere: false };
  return tried(bed, dialer, trunk, note);
};

export const refusingTrunk: Scenario = (bed, dialer, note) => {
  const endpoint = 'PJSIP/{number}@carrier-badauth';
  const says = /the trunk refuses our password.*outbound_auth/;
  const phones = people(8);
  return tried(bed, dialer, { endpoint, phones, forMs: 20_000, usedUp: 0, says }, note);
};

/** A carrier that wants the numbers in another form knows none of them. */
export const wrongTrunk: Scenario = (bed, dialer, note) => {
  const says = /10 numbers in a row do not exist/;
  return tried(bed, dialer, { phones: people(30, '06'), forMs: 20_000, usedUp: 9, says }, note);
};

/** Asterisk finds no audio: whoever picks up hears nothing, and there are few of them. */
export const deaf: Scenario = (bed, dialer, note) => {
  const says = /could not play/;
  const own = { sounds: '/nowhere', phones: people(30) };
  return tried(bed, dialer, { ...own, forMs: 45_000, usedUp: 4 + 4, says }, note);
};
