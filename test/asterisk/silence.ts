/** We are killed and do not come back: how long whoever is on the line stays there. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bed } from './bed.ts';
import { Campaign, endOf, type Setting } from './campaign.ts';
import { phone } from './people.ts';
import { type Findings, lineFree, type Scenario } from './witness.ts';

interface Case {
  readonly name: string;
  readonly setting: Setting;
  readonly number: string;
  /** From the first sign of the call at the callee's. */
  readonly killMs: number;
  /** From there on we hear and do nothing: Asterisk thinks that we are there. */
  readonly stopMs?: number;
  /** The bound of docs/guide/asterisk.md, from the answer on, without the text. */
  readonly boundS: number;
  readonly isBegun: boolean;
}

/** What is left of a second, and for the two exchanges to tell each other. */
const SLACK_S = 2;
const RING_S = 15;
const WAIT_S = 12;

async function timed(bed: Bed, one: Case, note: (figure: string) => void): Promise<Findings> {
  const campaign = new Campaign(bed, `silence-${one.name}`, one.setting, [one.number]);
  const run = campaign.start();
  for (let waitedMs = 0; !bed.rung().has(one.number) && waitedMs < 30_000; waitedMs += 50) {
    await sleep(50);
  }
  if (one.stopMs !== undefined) {
    await sleep(one.stopMs);
    run.kill('SIGSTOP');
  }
  await sleep(one.killMs - (one.stopMs ?? 0));
  run.kill('SIGKILL');
  await endOf(run);
  const recordOf = () => bed.records().find(({ number }) => number === one.number);
  for (let waitedS = 0; recordOf() === undefined && waitedS < 90; waitedS += 1) await sleep(1_000);
  const record = recordOf();
  if (record === undefined) return [`${one.name}: the callee is still on the line`];
  const [file = ''] = bed.rung().get(one.number) ?? [];
  const heardS = bed.heardMs(file) / 1_000;
  const textS = campaign.textMs() / 1_000;
  const { talkedS } = record;
  const of = `of ${textS.toFixed(1)} s heard ${heardS.toFixed(1)} s`;
  note(`${one.name}: on the line for ${talkedS} s, ${of}`);
  const boundS = one.boundS + (one.isBegun ? campaign.lengthMs() / 1_000 : 0);
  return talkedS <= boundS + SLACK_S
    ? []
    : [`${one.name}: on the line for ${talkedS} s, the bound is ${boundS.toFixed(1)} s`];
}

export const silence: Scenario = async (bed, dialer, note) => {
  const isAri = dialer === 'asterisk-ari';
  const beyondS = isAri ? 15 : 0;
  const setting: Setting = { dialer, lines: 1 };
  const script = `answers: { 1: confirmed }, answer_wait: ${WAIT_S}s`;
  const detecting = { ...setting, provider: 'machine_detection: detect' };
  const said = { killMs: 4_000, isBegun: true };
  const cases: readonly Case[] = [
    { name: 'text', setting, number: phone('11', '202'), ...said, boundS: beyondS },
    {
      name: 'key',
      setting: { ...setting, script },
      number: phone('11', '203'),
      ...said,
      boundS: beyondS + WAIT_S,
    },
    {
      name: 'answer',
      setting,
      number: phone('11', '205'),
      killMs: 3_000,
      stopMs: 500,
      // The text is never begun by ARI; by AMI the dialplan says it without us.
      isBegun: !isAri,
      boundS: isAri ? RING_S + 15 : 0,
    },
    {
      name: 'ringing',
      setting,
      number: phone('12', '206'),
      killMs: 3_000,
      isBegun: true,
      boundS: 0,
    },
    {
      name: 'machine',
      setting: detecting,
      number: phone('11', '207'),
      killMs: 2_500,
      isBegun: !isAri,
      boundS: isAri ? 25 : 6,
    },
  ];
  const findings = await Promise.all(cases.map((one) => timed(bed, one, note)));
  return [...findings.flat(), ...(await lineFree(bed))];
};
