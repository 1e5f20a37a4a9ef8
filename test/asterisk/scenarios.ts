/** What is tried on the bed. Each answers with what is wrong, in sentences. */
import type { Bed } from './bed.ts';
import { Campaign, type DialerName, type Setting } from './campaign.ts';
import { crash, frozen, killed, network, networkMute, password, restart } from './disturbances.ts';
import { ROUTED_ENDPOINT } from './guide.ts';
import { OUTCOMES, people, phone } from './people.ts';
import { sick } from './sickness.ts';
import { silence } from './silence.ts';
import { deadTrunk, deaf, refusingTrunk, wrongTrunk } from './trunks.ts';
import { ended, exited, type Findings, heard, type Scenario, witnessed } from './witness.ts';

const expected = (last: string): readonly string[] => OUTCOMES[last] ?? [];

async function everybody(bed: Bed, setting: Setting): Promise<Findings> {
  const phones = Object.keys(OUTCOMES).map((last) => phone(last));
  const campaign = new Campaign(bed, 'everybody', setting, phones);
  const code = await campaign.run();
  const claims = campaign.claims();
  return [
    ...exited(code, 0),
    ...ended(claims, expected),
    ...heard(bed, campaign, claims),
    ...(await witnessed(bed, claims)),
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
    ...(await witnessed(bed, claims)),
  ];
}

/** A person, one who says nothing, one who hangs up at once, a talker, and a machine. */
async function machines(bed: Bed, dialer: DialerName): Promise<Findings> {
  const provider = 'machine_detection: detect';
  const phones = ['01', '04', '07', '11', '16'].map((last) => phone(last));
  const campaign = new Campaign(bed, 'machines', { dialer, lines: 5, provider }, phones);
  await campaign.run();
  const claims = campaign.claims();
  const outcomes = (last: string): readonly string[] =>
    last === '04' ? ['voicemail'] : ['answered'];
  const wholeMs = campaign.textMs();
  const left = (bed.rung().get(phone('04')) ?? []).map((file) => bed.heardMs(file));
  return [
    ...ended(claims, outcomes),
    ...heard(bed, campaign, claims, ['01', '11', '16']),
    ...(Math.max(0, ...left) > 0.8 * wholeMs ? [] : [`the machine recorded ${left.join()} ms`]),
    ...(await witnessed(bed, claims)),
  ];
}

const load: Scenario = async (bed, dialer, note) => {
  const campaign = new Campaign(bed, 'load', { dialer, lines: 30 }, people(300, '11'));
  const startMs = performance.now();
  const code = await campaign.run();
  const seconds = (performance.now() - startMs) / 1_000;
  const claims = campaign.claims();
  note(`300 calls on 30 lines in ${seconds.toFixed(1)} s, ${(300 / seconds).toFixed(1)} a second`);
  return [
    ...exited(code, 0),
    ...(claims.length === 300 ? [] : [`${claims.length} contacts, not 300`]),
    ...ended(claims, () => ['answered']),
    ...heard(bed, campaign, claims),
    ...(await witnessed(bed, claims)),
  ];
};

/**
 * By AMI the dialplan plays a file of Asterisk's own machine, no HTTP is spoken, and a connection
 * that was given up is closed.
 */
export const ONLY_BY_ARI: ReadonlySet<string> = new Set(['served', 'sick', 'frozen']);

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  everybody: (bed, dialer) => everybody(bed, { dialer, lines: 8 }),
  local: (bed, dialer) => {
    return everybody(bed, { dialer, lines: 8, endpoint: `${bed.of('LOCAL_ENDPOINT')}/n` });
  },
  routes: (bed, dialer) => everybody(bed, { dialer, lines: 8, endpoint: ROUTED_ENDPOINT }),
  served: (bed, dialer) => everybody(bed, { dialer, lines: 8, isServed: true }),
  keys,
  machines,
  restart,
  crash,
  network,
  mute: networkMute,
  sick,
  frozen,
  killed,
  silence,
  password,
  dead: deadTrunk,
  refusing: refusingTrunk,
  wrong: wrongTrunk,
  deaf,
  load,
};
