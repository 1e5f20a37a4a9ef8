/** What is tried on the bed. Each answers with what is wrong, in sentences. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isValidPhoneNumber } from 'libphonenumber-js';
import type { Bed } from './bed.ts';
import { Campaign, type Claimed, type DialerName, endOf, type Setting } from './campaign.ts';

type Findings = readonly string[];
type Scenario = (bed: Bed, dialer: DialerName) => Promise<Findings>;

/** By the last two digits: how a call to such a callee ends. */
const OUTCOMES: Readonly<Record<string, readonly string[]>> = {
  '01': ['answered'],
  '02': ['busy'],
  '03': ['no_answer'],
  '04': ['answered'],
  '05': ['failed'],
  '06': ['invalid_number'],
  '07': ['answered'],
  '08': ['no_answer'],
  '10': ['answered'],
  '11': ['answered'],
  '12': ['answered'],
  '13': ['failed'],
  '14': ['invalid_number'],
  '15': ['answered'],
  '16': ['answered'],
};

const LISTENS = ['01', '11', '12', '16'];

const phone = (last: string, area = '202'): string => `+1${area}55501${last}`;

/** Different people who all answer: as many area codes as there are. */
function people(count: number, last = '01'): string[] {
  const areas = Array.from({ length: 780 }, (_, index) => String(201 + index));
  return areas
    .map((area) => phone(last, area))
    .filter((number) => isValidPhoneNumber(number))
    .slice(0, count);
}

/** Everybody was rung as often as the journal says: never more, never less. */
function witnessed(bed: Bed, claims: readonly Claimed[]): Findings {
  const rung = bed.rung();
  return claims.flatMap(({ phone: number, least, most, outcome }) => {
    const times = rung.get(number)?.length ?? 0;
    const isRight = times >= least && times <= most && times <= 1;
    // A trunk that is congested takes a call and refuses it, each time anew.
    return isRight || (number.endsWith('05') && times >= least && times <= most)
      ? []
      : [`${number} was rung ${times} times, the journal says ${least} to ${most} (${outcome})`];
  });
}

function ended(claims: readonly Claimed[], allowed: (last: string) => readonly string[]): Findings {
  return claims.flatMap(({ phone: number, outcome, detail }) =>
    allowed(number.slice(-2)).includes(outcome ?? 'none')
      ? []
      : [`${number} ended as ${outcome} (${detail}), not as ${allowed(number.slice(-2)).join()}`],
  );
}

/** Whoever answered and listened heard the whole text. */
function heard(bed: Bed, campaign: Campaign, claims: readonly Claimed[], who = LISTENS): Findings {
  const wholeMs = campaign.textMs();
  const rung = bed.rung();
  return claims
    .filter(
      ({ phone: number, outcome }) => who.includes(number.slice(-2)) && outcome === 'answered',
    )
    .flatMap(({ phone: number }) => {
      const heardMs = Math.max(0, ...(rung.get(number) ?? []).map((file) => bed.heardMs(file)));
      return heardMs > 0.8 * wholeMs && heardMs < 1.3 * wholeMs
        ? []
        : [`${number} heard ${heardMs} ms of sound, the text has ${wholeMs} ms`];
    });
}

const expected = (last: string): readonly string[] => OUTCOMES[last] ?? [];

async function everybody(bed: Bed, setting: Setting): Promise<Findings> {
  const phones = Object.keys(OUTCOMES).map((last) => phone(last));
  const campaign = new Campaign(bed, 'everybody', setting, phones);
  const code = await campaign.run();
  const claims = campaign.claims();
  return [
    ...(code === 0 ? [] : [`it ended with ${code}`]),
    ...ended(claims, expected),
    ...witnessed(bed, claims),
    ...heard(bed, campaign, claims),
  ];
}

async function keys(bed: Bed, dialer: DialerName): Promise<Findings> {
  const script = 'answers: { 1: confirmed, 9: opt_out }';
  const phones = [phone('10'), phone('16'), phone('11')];
  const campaign = new Campaign(bed, 'keys', { dialer, lines: 3, script }, phones);
  await campaign.run();
  const claims = campaign.claims();
  const answers = claims.map(({ answer }) => answer);
  const wanted = ['opt_out', 'confirmed', null];
  return [
    ...(String(answers) === String(wanted) ? [] : [`answers ${answers.join()}`]),
    ...witnessed(bed, claims),
  ];
}

async function machines(bed: Bed, dialer: DialerName): Promise<Findings> {
  const context = dialer === 'asterisk-ari' ? 'machine_context: amd-stasis' : '';
  const provider = ['machine_detection: detect', context].filter(Boolean).join(', ');
  const phones = [phone('01'), phone('04'), phone('07')];
  const campaign = new Campaign(bed, 'machines', { dialer, lines: 3, provider }, phones);
  await campaign.run();
  const claims = campaign.claims();
  const outcomes = (last: string): readonly string[] =>
    last === '04' ? ['voicemail'] : ['answered'];
  const wholeMs = campaign.textMs();
  const left = (bed.rung().get(phone('04')) ?? []).map((file) => bed.heardMs(file));
  return [
    ...ended(claims, outcomes),
    ...witnessed(bed, claims),
    ...heard(bed, campaign, claims, ['01']),
    ...(Math.max(0, ...left) > 0.8 * wholeMs ? [] : [`the machine recorded ${left.join()} ms`]),
  ];
}

/** Something happens to Asterisk while people are on the line and others wait. */
function disturbed(disturb: (bed: Bed) => Promise<unknown>): Scenario {
  return async (bed, dialer) => {
    const campaign = new Campaign(bed, 'disturbed', { dialer, lines: 4 }, people(16));
    const run = campaign.start();
    const end = endOf(run);
    await campaign.until('call.finished', 3);
    await disturb(bed);
    const code = await end;
    const claims = campaign.claims();
    const uncertain = claims.filter(({ outcome }) => outcome === 'uncertain').length;
    return [
      ...(code === 0 || code === 75 ? [] : [`it ended with ${code}`]),
      ...ended(claims, () => ['answered', 'uncertain']),
      ...(uncertain <= 4 ? [] : [`${uncertain} are uncertain, with 4 lines`]),
      ...witnessed(bed, claims),
      ...heard(bed, campaign, claims),
    ];
  };
}

async function killed(bed: Bed, dialer: DialerName): Promise<Findings> {
  const campaign = new Campaign(bed, 'killed', { dialer, lines: 4 }, people(12));
  for (const after of [2, 6]) {
    const run = campaign.start();
    await campaign.until('call.finished', after);
    await sleep(1_500);
    run.kill('SIGKILL');
    await endOf(run);
    await sleep(1_000);
  }
  const code = await campaign.run();
  const claims = campaign.claims();
  return [
    ...(code === 0 ? [] : [`it ended with ${code}`]),
    ...ended(claims, () => ['answered', 'uncertain']),
    ...witnessed(bed, claims),
    ...(await lineFree(bed)),
  ];
}

/** Nobody is left on a line: what is up is over soon, by Asterisk's own limit at the latest. */
async function lineFree(bed: Bed): Promise<Findings> {
  for (let waitedS = 0; waitedS < 60; waitedS += 2) {
    const shown = await bed.run('cli', 'pbx', 'core', 'show', 'channels', 'count');
    if (shown.includes('0 active channels')) return [];
    await sleep(2_000);
  }
  return ['channels are left over a minute after the end'];
}

async function password(bed: Bed, dialer: DialerName): Promise<Findings> {
  const [file, reload] =
    dialer === 'asterisk-ari'
      ? ['ari.conf', ['module', 'reload', 'res_ari.so']]
      : ['manager.conf', ['manager', 'reload']];
  const path = join(dirname(dirname(bed.of('LOG'))), 'etc', file);
  const text = readFileSync(path, 'utf8');
  const campaign = new Campaign(bed, 'password', { dialer, lines: 2 }, people(4));
  const run = campaign.start('mended');
  const end = endOf(run);
  await sleep(8_000);
  const early = bed.rung().size;
  writeFileSync(path, text.replaceAll(/^(password|secret) = .*/gm, '$1 = mended'));
  await bed.run('cli', 'pbx', ...reload);
  const code = await end;
  const claims = campaign.claims();
  const told = campaign
    .log()
    .split('\n')
    .filter((line) => /"event":"alert\.raised"/.test(line));
  return [
    ...(early === 0 ? [] : ['somebody was rung with a wrong password']),
    ...(code === 0 ? [] : [`it ended with ${code}`]),
    ...(told.length <= 1 ? [] : [`${told.length} alerts`]),
    ...ended(claims, () => ['answered']),
    ...witnessed(bed, claims),
  ];
}

async function load(bed: Bed, dialer: DialerName): Promise<Findings> {
  const campaign = new Campaign(bed, 'load', { dialer, lines: 30 }, people(300, '11'));
  const code = await campaign.run();
  const claims = campaign.claims();
  return [
    ...(code === 0 ? [] : [`it ended with ${code}`]),
    ...(claims.length === 300 ? [] : [`${claims.length} contacts, not 300`]),
    ...ended(claims, () => ['answered']),
    ...witnessed(bed, claims),
    ...heard(bed, campaign, claims),
  ];
}

/** By AMI the dialplan plays a file of Asterisk's own machine: nothing is fetched from us. */
export const ONLY_BY_ARI: ReadonlySet<string> = new Set(['served']);

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  everybody: (bed, dialer) => everybody(bed, { dialer, lines: 8 }),
  served: (bed, dialer) => everybody(bed, { dialer, lines: 8, isServed: true }),
  keys,
  machines,
  restart: disturbed((bed) => bed.run('cli', 'pbx', 'core', 'restart', 'now')),
  crash: disturbed(async (bed) => {
    await bed.run('crash');
    await sleep(3_000);
    await bed.run('up');
  }),
  killed,
  password,
  load,
};
