/** What the exchanges and the callees say of a campaign, held against what its journal claims. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bed, CallRecord } from './bed.ts';
import type { Campaign, Claimed, DialerName } from './campaign.ts';

/** What is wrong, in sentences. */
export type Findings = readonly string[];

/** @param note told of what was measured */
export type Scenario = (
  bed: Bed,
  dialer: DialerName,
  note: (figure: string) => void,
) => Promise<Findings>;

/** Whoever is rung by such a number is on the line until the text is over. */
export const LISTENS = ['01', '11', '12', '16'];

/** What a call record says of a call that ended so. Anything, where nobody can tell. */
const DISPOSITIONS: Readonly<Record<string, readonly string[]>> = {
  answered: ['ANSWERED'],
  voicemail: ['ANSWERED'],
  busy: ['BUSY'],
  no_answer: ['NO ANSWER'],
  invalid_number: ['NO ANSWER', 'FAILED'],
  failed: ['NO ANSWER', 'FAILED', 'CONGESTION'],
};

/**
 * Per contact exactly the calls that the journal claims, by the records of whoever was called: no
 * record without a claim, no claim without a record, and each of them ended as the journal says.
 */
export async function witnessed(bed: Bed, claims: readonly Claimed[]): Promise<Findings> {
  const records = Map.groupBy(await bed.ended(), ({ number }) => number);
  const rung = bed.rung();
  const claimed = new Set(claims.map(({ phone }) => phone));
  const strangers = [...records.keys(), ...rung.keys()].filter((number) => !claimed.has(number));
  return [
    ...[...new Set(strangers)].map((number) => `${number} was called, and nobody claims that`),
    ...claims.flatMap((claim) => compared(claim, records.get(claim.phone) ?? [])),
    ...claims.flatMap(({ phone }) => {
      const heard = rung.get(phone)?.length ?? 0;
      const recorded = records.get(phone)?.length ?? 0;
      return heard === recorded ? [] : [`${phone}: ${heard} recordings, ${recorded} records`];
    }),
  ];
}

function compared(claim: Claimed, records: readonly CallRecord[]): Findings {
  const { phone, least, most, outcome, detail } = claim;
  const times = records.length;
  // A trunk that is congested takes a call and refuses it, each time anew.
  const isOnce = times <= 1 || phone.endsWith('05');
  const count =
    times >= least && times <= most && isOnce
      ? []
      : [`${phone} has ${times} records, the journal says ${least} to ${most} (${outcome})`];
  const wasUp = outcome === 'failed' && /could not play|heard nothing/.test(detail ?? '');
  const fits = DISPOSITIONS[wasUp ? 'answered' : (outcome ?? '')];
  const other = records.filter(({ disposition }) => fits?.includes(disposition) === false);
  return [
    ...count,
    ...other.map(({ disposition }) => `${phone} is ${outcome}, its record says ${disposition}`),
  ];
}

export function ended(
  claims: readonly Claimed[],
  allowed: (last: string) => readonly string[],
): Findings {
  return claims.flatMap(({ phone, outcome, detail }) =>
    allowed(phone.slice(-2)).includes(outcome ?? 'none')
      ? []
      : [`${phone} ended as ${outcome} (${detail}), not as ${allowed(phone.slice(-2)).join()}`],
  );
}

/** Whoever answered and listened heard the whole text, once. */
export function heard(
  bed: Bed,
  campaign: Campaign,
  claims: readonly Claimed[],
  who = LISTENS,
): Findings {
  const wholeMs = campaign.textMs();
  const rung = bed.rung();
  return claims
    .filter(({ phone, outcome }) => who.includes(phone.slice(-2)) && outcome === 'answered')
    .flatMap(({ phone }) => {
      const heardMs = Math.max(0, ...(rung.get(phone) ?? []).map((file) => bed.heardMs(file)));
      return heardMs > 0.8 * wholeMs && heardMs < 1.3 * wholeMs
        ? []
        : [`${phone} heard ${heardMs} ms of sound, the text has ${wholeMs} ms`];
    });
}

/** Nobody is left on a line: what is up is over soon, by Asterisk's own limit at the latest. */
export async function lineFree(bed: Bed): Promise<Findings> {
  for (let waitedS = 0; waitedS < 60; waitedS += 2) {
    const shown = await bed.run('cli', 'pbx', 'core', 'show', 'channels', 'count');
    if (shown.includes('0 active channels')) return [];
    await sleep(2_000);
  }
  return ['channels are left over a minute after the end'];
}

export function exited(code: number | string, ...allowed: readonly number[]): Findings {
  return allowed.some((one) => one === code) ? [] : [`it ended with ${code}`];
}
