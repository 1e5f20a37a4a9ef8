/** Something happens to Asterisk, to the network, or to us, while people are on the line. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bed } from './bed.ts';
import { Campaign, type Claimed, type DialerName, endOf, type Setting } from './campaign.ts';
import { Network } from './network.ts';
import { people, phone } from './people.ts';
import {
  ended,
  exited,
  type Findings,
  heard,
  lineFree,
  type Scenario,
  witnessed,
} from './witness.ts';

const LINES = 4;

async function disturbed(
  bed: Bed,
  setting: Omit<Setting, 'lines'>,
  note: (figure: string) => void,
  disturb: () => Promise<unknown>,
): Promise<Findings> {
  const campaign = new Campaign(bed, 'disturbed', { ...setting, lines: LINES }, people(16));
  const end = endOf(campaign.start());
  await campaign.until('call.finished', 3);
  await disturb();
  const code = await end;
  const claims = campaign.claims();
  const uncertain = claims.filter(({ outcome }) => outcome === 'uncertain').length;
  note(`${uncertain} of 16 are uncertain, with ${LINES} lines`);
  return [
    ...exited(code, 0, 75),
    ...ended(claims, () => ['answered', 'uncertain']),
    ...(uncertain <= LINES ? [] : [`${uncertain} are uncertain, with ${LINES} lines`]),
    ...heard(bed, campaign, claims),
    ...(await witnessed(bed, claims)),
  ];
}

export const restart: Scenario = (bed, dialer, note) => {
  const restartNow = () => bed.run('cli', 'pbx', 'core', 'restart', 'now');
  return disturbed(bed, { dialer }, note, restartNow);
};

export const crash: Scenario = (bed, dialer, note) => {
  return disturbed(bed, { dialer }, note, async () => {
    await bed.run('crash');
    await sleep(3_000);
    await bed.run('up');
  });
};

/** The calls go on over there; when we are back, they are taken back or asked about. */
function cutOff(how: 'cut' | 'mute', forMs: number): Scenario {
  return async (bed, dialer, note) => {
    const isAri = dialer === 'asterisk-ari';
    const to = isAri ? new URL(bed.of('ARI_URL')).port : bed.of('AMI_PORT');
    await using network = await Network.to(Number(to));
    const setting = { dialer, port: network.port, provider: 'keep_alive: 2s' };
    return await disturbed(bed, setting, note, async () => {
      network[how]();
      await sleep(forMs);
      network.mend();
    });
  };
}

/** Shorter than the calls last: they still stand. */
export const network: Scenario = cutOff('cut', 2_500);

/** Longer than it takes to notice, and than the calls last. */
export const networkMute: Scenario = cutOff('mute', 20_000);

/** Asterisk stands still for longer than the keep-alive waits, while somebody presses a key. */
export const frozen: Scenario = async (bed, dialer) => {
  const script = 'answers: { 9: opt_out }, answer_wait: 10s';
  const setting = { dialer, lines: 1, script, provider: 'keep_alive: 2s' };
  const campaign = new Campaign(bed, 'frozen', setting, [phone('01')]);
  const end = endOf(campaign.start());
  await arrived(bed, phone('01'));
  await sleep(4_500);
  const file = join(dirname(dirname(bed.of('LOG'))), 'run', 'asterisk.pid');
  const pid = Number(readFileSync(file, 'utf8'));
  process.kill(pid, 'SIGSTOP');
  await sleep(12_000);
  process.kill(pid, 'SIGCONT');
  const code = await end;
  const claims = campaign.claims();
  const isNoticed = campaign.log().includes('"code":"keep_alive"');
  return [
    ...exited(code, 0),
    ...(isNoticed ? [] : ['nobody noticed that it stood still']),
    ...claims.flatMap(({ answer }) => (answer === 'opt_out' ? [] : [`the answer is ${answer}`])),
    ...(await witnessed(bed, claims)),
  ];
};

async function arrived(bed: Bed, number: string): Promise<void> {
  for (let waitedMs = 0; !bed.rung().has(number) && waitedMs < 30_000; waitedMs += 50) {
    await sleep(50);
  }
}

export const killed: Scenario = async (bed, dialer, note) => {
  const campaign = new Campaign(bed, 'killed', { dialer, lines: LINES }, people(12));
  // Once while it rings, and once while the text is said.
  for (const [after, laterMs] of [
    [2, 1_500],
    [6, 4_000],
  ] as const) {
    const run = campaign.start();
    await campaign.until('call.finished', after);
    await sleep(laterMs);
    run.kill('SIGKILL');
    await endOf(run);
    await sleep(1_000);
  }
  const code = await campaign.run();
  const machine = await killedAtMachine(bed, dialer);
  const claims = campaign.claims();
  const uncertain = claims.filter(({ outcome }) => outcome === 'uncertain').length;
  note(`${uncertain} of 12 are uncertain after two kills, with ${LINES} lines`);
  return [
    ...exited(code, 0),
    ...ended(claims, () => ['answered', 'uncertain']),
    ...ended(machine, () => ['voicemail']),
    ...(await lineFree(bed)),
    ...(await witnessed(bed, [...claims, ...machine])),
  ];
};

/** While its greeting is listened to: whoever takes the call back must know what it was. */
async function killedAtMachine(bed: Bed, dialer: DialerName): Promise<readonly Claimed[]> {
  const machine = phone('04');
  const setting = { dialer, lines: 1, provider: 'machine_detection: detect' };
  const campaign = new Campaign(bed, 'killed-machine', setting, [machine]);
  const run = campaign.start();
  await arrived(bed, machine);
  await sleep(6_000);
  run.kill('SIGKILL');
  await endOf(run);
  await campaign.run();
  return campaign.claims();
}

/** Changes the password of the user over there, while everything runs. */
async function changePassword(bed: Bed, dialer: DialerName, word: string): Promise<void> {
  const [file, reload] =
    dialer === 'asterisk-ari'
      ? ['ari.conf', ['module', 'reload', 'res_ari.so']]
      : ['manager.conf', ['manager', 'reload']];
  const path = join(dirname(dirname(bed.of('LOG'))), 'etc', file);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replaceAll(/^(password|secret) = .*/gm, `$1 = ${word}`));
  await bed.run('cli', 'pbx', ...reload);
}

/** Mended over there without a restart of ours, then by a restart with the right one. */
export const password: Scenario = async (bed, dialer, note) => {
  const there = new Campaign(bed, 'password-there', { dialer, lines: 2 }, people(4));
  const run = endOf(there.start('mended'));
  await sleep(8_000);
  const early = bed.rung().size;
  const mendedMs = performance.now();
  await changePassword(bed, dialer, 'mended');
  await there.until('call.finished', 1);
  note(`healed over there: first call over after ${since(mendedMs)} s`);
  const codes = [await run];
  const here = new Campaign(bed, 'password-here', { dialer, lines: 2 }, people(8).slice(4));
  const wrong = here.start('campaign');
  await sleep(8_000);
  wrong.kill('SIGTERM');
  codes.push(await endOf(wrong));
  const restartedMs = performance.now();
  codes.push(await endOf(here.start('mended')));
  note(`healed here: done ${since(restartedMs)} s after the restart`);
  const claims = [...there.claims(), ...here.claims()];
  const told = [there, here].map((one) => one.alerts().map(({ key, text }) => ({ key, text })));
  return [
    ...(early === 0 ? [] : ['somebody was rung with a wrong password']),
    ...(String(codes) === '0,75,0' ? [] : [`they ended with ${codes.join()}`]),
    ...told.flatMap((alerts) => (alerts.length === 1 ? [] : [`alerts: ${JSON.stringify(alerts)}`])),
    ...told.flat().flatMap(({ text }) => (/refuse|401|password/i.test(text) ? [] : [text])),
    ...ended(claims, () => ['answered']),
    ...(await witnessed(bed, claims)),
  ];
};

function since(startMs: number): string {
  return ((performance.now() - startMs) / 1_000).toFixed(1);
}
