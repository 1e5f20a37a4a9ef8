import { resolve } from 'node:path';
import type { CampaignEvent } from '../../domain/event.ts';
import { counted, listed, spanText } from '../../domain/text.ts';
import { type ImportTally, importList } from '../../intake/import-list.ts';
import { listFile } from '../../intake/list-source.ts';
import { campaignName } from '../campaign-name.ts';
import { checkAudio } from '../check-audio.ts';
import {
  checkServices,
  isWell,
  type ServiceCheck,
  serviceCheckDocuments,
  serviceLines,
} from '../check-online.ts';
import { checkSheet, type SheetCheck, sheetLines, sheetProblems } from '../check-sheets.ts';
import { CheckSink } from '../check-sink.ts';
import { checkScripts, checkVoices, type Findings, type Problem } from '../check-speech.ts';
import { loadConfig } from '../config.ts';
import { type ChannelOn, channelsOn } from '../config-alerts.ts';
import { configNotices } from '../config-notices.ts';
import { rings } from '../dialer-notice.ts';
import { speaksItself } from '../dialer-voice.ts';
import { EXIT, type ExitCode, explain } from '../exit.ts';
import { campaignFolders, shownPath } from '../folders.ts';
import { fullJudgement } from '../judgement.ts';
import { ListBlanks } from '../list-blanks.ts';
import { checkStanding } from '../list-standing.ts';
import { serverNotices } from '../server-notices.ts';
import type { Config } from '../settings.ts';
import { shellWord } from '../shell-word.ts';
import type { World } from '../world.ts';
import { fileProblem, folderProblem } from '../writable.ts';

export interface CheckOptions {
  readonly config: string;
  readonly name?: string;
  readonly online?: boolean;
  readonly json?: boolean;
}

interface ListReading {
  readonly campaign: string;
  readonly tally: ImportTally;
  readonly sink: CheckSink;
  readonly rejected: readonly string[];
  /** Holes that the text would have. */
  readonly blanks: readonly string[];
}

/** How many rejected rows are shown; all are counted. */
const REJECTED_SHOWN_MAX = 10;

/** Where there are several problems: the worst, as the exit code. */
const WORST_FIRST = [
  EXIT.bug,
  EXIT.config,
  EXIT.noInput,
  EXIT.data,
  EXIT.usage,
  EXIT.io,
  EXIT.unavailable,
] as const;

/** Looks at everything a run would need, changes nothing, and tells all problems at once. */
export async function check(
  world: World,
  list: string | undefined,
  options: CheckOptions,
): Promise<number> {
  const problems: Problem[] = [];
  const notices: string[] = [];
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      const { code, message, hint } = explain(error);
      problems.push({ code, text: hint === undefined ? message : `${message}\n  ${hint}` });
      return undefined;
    }
  };
  const take = (findings: Findings | undefined): void => {
    problems.push(...(findings?.problems ?? []));
    notices.push(...(findings?.notices ?? []));
  };
  const config = await attempt(() => readConfig(world, options));
  const reading =
    list === undefined ? undefined : await attempt(() => readList(world, list, config, options));
  if (config !== undefined) {
    if (reading !== undefined) {
      take(await attempt(() => checkScripts(config, reading.sink.sample)));
      notices.push(...reading.blanks);
    }
    if (list !== undefined && reading !== undefined) {
      const { campaign, sink } = reading;
      const parts = { world, campaign, list, named: options.name !== undefined };
      take(await attempt(async () => checkStanding(parts, config, sink)));
    }
    take(await attempt(() => checkVoices(world, config, reading?.sink)));
    problems.push(...(await placesProblems(config)));
    notices.push(...(await serverNotices(config.server)));
    notices.push(...configNotices(config).map(({ message }) => message));
  }
  const online = options.online === true && config !== undefined;
  const asked = online ? [checkServices(world, config), checkAudio(world, config)] : undefined;
  const services = asked && (await Promise.all(asked)).flat();
  problems.push(...servicesProblems(services ?? []));
  const sheet = config && (await checkSheet(world, config, online));
  problems.push(...sheetProblems(sheet));
  const facts = { config, list, reading, services, sheet, notices, options, problems };
  report(world, facts);
  return exitOf(facts);
}

function servicesProblems(services: readonly ServiceCheck[]): readonly Problem[] {
  const ill = services.filter((one) => !isWell(one)).map(({ key }) => key);
  const count = counted(services.length, 'service');
  const text = `${ill.length} of ${count} would not work now: ${listed(ill)}`;
  return ill.length === 0 ? [] : [{ code: EXIT.unavailable, text }];
}

function exitOf({ problems }: Report): ExitCode {
  return (
    WORST_FIRST.find((code) => problems.some((problem) => problem.code === code)) ??
    problems[0]?.code ??
    EXIT.ok
  );
}

function readConfig(world: World, options: CheckOptions): Promise<Config> {
  return loadConfig({
    file: resolve(world.folder, options.config),
    shownAs: options.config,
    env: world.env,
    judgement: fullJudgement(),
  });
}

/** Without a config, the list is read as the defaults would have it. */
async function readList(
  world: World,
  list: string,
  config: Config | undefined,
  { name }: CheckOptions,
): Promise<ListReading> {
  const campaign = campaignName(list, name);
  const sameNumber = config?.campaign.sameNumber ?? 'reject';
  const blanks = config === undefined ? undefined : new ListBlanks(config);
  const sink = new CheckSink(sameNumber, (contact) => {
    blanks?.take(contact);
  });
  const rejected: string[] = [];
  const emit = (event: CampaignEvent): void => {
    if (event.type === 'contact.rejected' && rejected.length < REJECTED_SHOWN_MAX) {
      rejected.push(`line ${event.listLine}: ${event.reason}`);
    }
  };
  const defaultCountry = config?.campaign.defaultCountry ?? 'US';
  const source = listFile(resolve(world.folder, list), list);
  const tally = await importList({ list: source, sink, defaultCountry, sameNumber, emit });
  return { campaign, tally, sink, rejected, blanks: blanks?.notices() ?? [] };
}

async function placesProblems(config: Config): Promise<readonly Problem[]> {
  const found = [
    ['output.folder', await folderProblem(config.output.folder)],
    ['store.path', await fileProblem(config.store.path)],
    ['logging.file', await fileProblem(config.logging.file)],
  ] as const;
  return found.flatMap(([key, problem]) =>
    problem === undefined ? [] : [{ code: EXIT.io, text: `${key}: ${problem}` }],
  );
}

// ---------------------------------------------------------------------------- in words

interface Report {
  readonly config: Config | undefined;
  readonly list: string | undefined;
  readonly reading: ListReading | undefined;
  /** Undefined where nobody was asked. */
  readonly services: readonly ServiceCheck[] | undefined;
  /** Undefined where none is on. */
  readonly sheet: SheetCheck | undefined;
  readonly notices: readonly string[];
  readonly options: CheckOptions;
  readonly problems: readonly Problem[];
}

/** What is right and what will happen on stdout, what is wrong on stderr; a document alone. */
function report(world: World, facts: Report): void {
  const { config, list, reading, services, sheet, notices, options, problems } = facts;
  const paragraphs: string[][] = [];
  if (config !== undefined) {
    paragraphs.push([`${options.config}: every setting is allowed.`]);
  }
  if (reading !== undefined) {
    paragraphs.push(listLines(list ?? '', reading));
  }
  if (config !== undefined && problems.length === 0) {
    paragraphs.push(planLines(world, config, facts));
  }
  if (services !== undefined) {
    paragraphs.push(serviceLines(services));
  }
  if (sheet !== undefined) {
    paragraphs.push([...sheetLines(sheet)]);
  }
  paragraphs.push(notices.map((text) => `Note: ${text}`));
  const text = paragraphs.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  const output = options.json === true ? world.stderr : world.stdout;
  output.write(text.length === 0 ? '' : `${text.join('\n\n')}\n`);
  for (const problem of problems) {
    world.stderr.write(`campaign: ${problem.text}\n`);
  }
  if (options.json === true) {
    world.stdout.write(`${JSON.stringify(checkDocument(facts), null, 2)}\n`);
  }
}

function checkDocument(facts: Report) {
  const { config, list, reading, services, sheet, notices, options, problems } = facts;
  const { rows, rejected } = reading?.tally ?? { rows: 0, rejected: 0 };
  return {
    config: options.config,
    list,
    contacts: reading === undefined ? undefined : { total: rows - rejected, rejected },
    services: services && serviceCheckDocuments(services),
    google_sheets: sheet,
    alerts:
      config &&
      Object.fromEntries(
        channelsOn(config.alerts).map(({ name, severities }) => [name, { severities }]),
      ),
    notices,
    problems: problems.map(({ text }) => text),
    exit_code: exitOf(facts),
  };
}

function listLines(list: string, { tally, rejected }: ListReading): string[] {
  const taken = counted(tally.rows - tally.rejected, 'contact');
  const more = tally.rejected - rejected.length;
  return [
    `${list}: ${counted(tally.rows, 'row')}, ${taken}, ${tally.rejected} rejected` +
      `${tally.rejected === 0 ? '.' : ':'}`,
    ...rejected.map((line) => `  ${line}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

function planLines(world: World, config: Config, { list, reading, options }: Report): string[] {
  const named = options.name === undefined ? '' : ` --name ${shellWord(options.name)}`;
  const { services, campaign } = config;
  const name = reading?.campaign ?? '<campaign>';
  const folders = campaignFolders(config, name);
  const phonesRing = services.dialer.some(rings);
  const pace = phonesRing ? `, ${campaign.callsPerSecond} new calls per second at most` : '';
  const rejects =
    (reading?.tally.rejected ?? 0) > 0
      ? [`  Rejected rows go to ${shownPath(folders.rejected, world.folder)}.`]
      : [];
  return [
    `What \`campaign run ${list ?? '<list>'}${named}\` will do:`,
    `  Write a text per contact with ${chainText(services.llm)}, ${speechText(config)} ` +
      `${chainText(services.dialer)},`,
    `  note what became of it with ${chainText(services.crm)}: ` +
      `${counted(campaign.lines, 'call')} at a time${pace}.`,
    phonesRing
      ? '  Real phones ring.'
      : `  No phone rings: each contact gets a WAV file in ` +
        `${shownPath(folders.output, world.folder)}.`,
    ...rejects,
    `  While a service is down: ${outageText(config)}`,
    `  ${alertsText(channelsOn(config.alerts))}`,
  ];
}

function speechText(config: Config): string {
  return speaksItself(config)
    ? 'call and speak it with'
    : `speak it with ${chainText(config.services.tts)}, call with`;
}

function chainText(chain: readonly string[]): string {
  const [first = '', ...fallbacks] = chain;
  return fallbacks.length === 0 ? first : `${first} (else ${listed(fallbacks, 'or')})`;
}

function outageText({ campaign }: Config): string {
  const meanwhile =
    campaign.onOutage === 'skip' ? 'put its contacts off and take the next' : 'wait for it';
  return `${meanwhile}; end after ${spanText(campaign.outageWaitMs)} without any progress.`;
}

function alertsText(channels: readonly ChannelOn[]): string {
  const ways = channels.map(({ name, severities }) => `${name} (${severities.join(', ')})`);
  return ways.length === 0
    ? 'Nobody is told when something breaks: no alert channel is on (alerts in config.yml).'
    : `Alerts go out by ${listed(ways)}; \`campaign alert-test\` tries them.`;
}
