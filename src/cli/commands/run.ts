/**
 * `campaign run`: options in, one run, what happened out.
 */
import { resolve } from 'node:path';
import { servicesInUse } from '../../domain/service-key.ts';
import { RunTally } from '../../domain/tally.ts';
import type { UsageCount } from '../../domain/usage.ts';
import type { Role } from '../../domain/words.ts';
import { EventStream } from '../../engine/event-stream.ts';
import type { RunPolicy } from '../../engine/runner.ts';
import { type AppLog, openAppLog } from '../../observers/app-log.ts';
import { Progress } from '../../observers/progress.ts';
import { openReports, type Reports } from '../../store/sqlite-reports.ts';
import { latestAnswer } from '../breaker-text.ts';
import { campaignName } from '../campaign-name.ts';
import {
  answersDocument,
  type CampaignState,
  openCount,
  readCampaignState,
} from '../campaign-state.ts';
import { loadConfig } from '../config.ts';
import { costDocument, costLines, serviceCost } from '../costs.ts';
import { rings } from '../dialer-notice.ts';
import { callsInDoubt } from '../doubt-text.ts';
import { EXIT, explain } from '../exit.ts';
import { campaignFolders, shownPath } from '../folders.ts';
import { fullJudgement } from '../judgement.ts';
import { paintFor } from '../paint.ts';
import { programName } from '../program-name.ts';
import { isoTime, type RunDocument, serviceDocuments } from '../run-document.ts';
import { type SessionResult, workCampaign } from '../run-session.ts';
import { screenLines } from '../screen-lines.ts';
import type { Config } from '../settings.ts';
import { shellWord } from '../shell-word.ts';
import { stopSignals } from '../stop-signals.ts';
import {
  briefText,
  hasRefusedRecords,
  type SummaryFacts,
  servicesDown,
  summaryText,
} from '../summary.ts';
import { endOfRunMs } from '../time-of-day.ts';
import type { World } from '../world.ts';

export interface RunOptions {
  readonly config: string;
  readonly name?: string;
  readonly lines?: number;
  readonly limit?: number;
  /** Minutes since midnight, local time. */
  readonly until?: number;
  readonly serve?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly color: boolean;
}

/** What the views of one run share. */
interface Showing {
  readonly world: World;
  readonly config: Config;
  readonly campaign: string;
  readonly list: string;
  readonly options: RunOptions;
  readonly tally: RunTally;
  readonly startedMs: number;
}

export async function run(world: World, list: string, options: RunOptions): Promise<number> {
  const file = resolve(world.folder, options.config);
  const config = await loadConfig({
    file,
    shownAs: options.config,
    env: world.env,
    judgement: fullJudgement(),
    serve: options.serve,
  });
  const campaign = campaignName(list, options.name);
  const startedMs = world.clock.wallMs();
  const showing = { world, config, campaign, list, options, tally: new RunTally(), startedMs };
  using progress = screen(showing);
  const events = new EventStream((view, error) => {
    const reason = error instanceof Error ? error.message : String(error);
    progress.say(`campaign: the ${view} is left out from here on: ${reason}`);
  });
  using log = listenLog(showing, events, progress);
  listenScreen(showing, events, progress);
  const tellStop = (message: string): void => {
    events.emit({ type: 'notice', level: 'warn', code: 'stopping', message });
  };
  using stop = stopSignals(world, tellStop, longestCallMs(config));
  try {
    const result = await workCampaign({
      world,
      config,
      folders: campaignFolders(config, campaign),
      campaign,
      list,
      named: options.name !== undefined,
      policy: runPolicy(world, config, options),
      events,
      signals: stop.signals,
    });
    progress[Symbol.dispose]();
    return tell(showing, result);
  } catch (error) {
    if (explain(error).code === EXIT.bug) {
      log.programFailed(error);
    }
    throw error;
  }
}

/** How long somebody may be on the line; undefined where no phone rings. */
function longestCallMs({ services, policies }: Config): number | undefined {
  const ringing = services.dialer.filter(rings);
  const limitsMs = ringing.map((name) => policies[name].timeouts.callMs);
  return limitsMs.length === 0 ? undefined : Math.max(...limitsMs);
}

function runPolicy(world: World, config: Config, options: RunOptions): RunPolicy {
  const { lines, onOutage, outageWaitMs } = config.campaign;
  const { until } = options;
  return {
    lines: options.lines ?? lines,
    onOutage,
    outageWaitMs,
    limit: options.limit,
    untilMs: until === undefined ? undefined : endOfRunMs(world.clock.wallMs(), until),
  };
}

function listenLog(showing: Showing, events: EventStream, progress: Progress): AppLog {
  const { world, config, campaign } = showing;
  const log = openAppLog({
    ...config.logging,
    campaign,
    services: servicesInUse(config.services),
    clock: world.clock,
    onProblem: (message) => {
      progress.say(`campaign: ${message}`);
    },
  });
  events.listen('app log', (event) => {
    log.take(event);
  });
  return log;
}

function screen({ world, config, options }: Showing): Progress {
  const { stderr, clock } = world;
  return new Progress({
    write: (text) => {
      stderr.write(text);
    },
    terminal: stderr.terminal,
    clock,
    lineFor: screenLines(
      options.verbose === true,
      paintFor(stderr, world, options.color),
      servicesInUse(config.services),
    ),
  });
}

function listenScreen({ options, tally }: Showing, events: EventStream, progress: Progress): void {
  events.listen('summary', (event) => {
    tally.take(event);
  });
  if (options.quiet !== true) {
    events.listen('progress', (event) => {
      progress.take(event);
    });
  }
}

/** The document, the summary, the exit code. */
function tell(showing: Showing, result: SessionResult): number {
  const { world, config, campaign, options } = showing;
  using reports = openReports({ path: config.store.path });
  const state = readCampaignState(reports, campaign);
  const usage = reports.usage(campaign);
  const finishedMs = world.clock.wallMs();
  const code = exitCode(result, state);
  if (options.json === true) {
    const document = runDocument(showing, result, state, { usage, finishedMs, code });
    world.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  }
  const facts = summaryFacts(showing, result, state, { usage, finishedMs, reports });
  if (options.quiet !== true) {
    const output = options.json === true ? world.stderr : world.stdout;
    output.write(summaryText(facts, paintFor(output, world, options.color)));
  } else if (code !== EXIT.ok || hasRefusedRecords(facts)) {
    // cron mails what is said; an early end must not be found out from an exit code alone, and a
    // record that the CRM refuses has none.
    world.stderr.write(briefText(facts, paintFor(world.stderr, world, options.color)));
  }
  return code;
}

function exitCode({ end }: SessionResult, state: CampaignState): number {
  return openCount(state) === 0 || end === 'done' || end === 'limit' ? EXIT.ok : EXIT.unfinished;
}

interface Ending {
  /** Of all runs of the campaign. */
  readonly usage: readonly UsageCount[];
  readonly finishedMs: number;
}

function runDocument(
  { config, campaign, tally, startedMs }: Showing,
  { imported, guards }: SessionResult,
  state: CampaignState,
  { usage, finishedMs, code }: Ending & { readonly code: number },
): RunDocument {
  return {
    campaign,
    started_at: isoTime(startedMs),
    finished_at: isoTime(finishedMs),
    duration_ms: finishedMs - startedMs,
    contacts: { ...state.contacts, rejected: imported.rejected },
    outcomes: Object.fromEntries(state.outcomes),
    ...answersDocument(state),
    services: serviceDocuments(tally, guards, (total) => serviceCost(config, total)),
    cost: costDocument(config, usage, tally.usage.counts()),
    alerts: { ...tally.alerts },
    exit_code: code,
  };
}

function summaryFacts(
  showing: Showing,
  { end, imported, services, guards }: SessionResult,
  state: CampaignState,
  { usage, finishedMs, reports }: Ending & { readonly reports: Reports },
): SummaryFacts {
  const { world, config, campaign, tally, startedMs } = showing;
  const folders = campaignFolders(config, campaign);
  const shown = (path: string): string => shownPath(path, world.folder);
  const latest = (role: Role, service: string, reason: string, sinceMs: number) =>
    latestAnswer(reports, role, service, reason, sinceMs);
  return {
    ...state,
    campaign,
    end: openCount(state) === 0 ? 'done' : end,
    // As the log says: without what alerts and the sheet were waited for after it.
    durationMs: tally.durationMs ?? finishedMs - startedMs,
    tally,
    down: servicesDown(guards, latest),
    services: servicesInUse(config.services),
    inDoubt: callsInDoubt(config, reports, campaign, false, finishedMs)
      .map(({ count }) => count)
      .reduce((total, count) => total + count, 0),
    rings: services.dialer.some((dialer) => dialer.rings),
    dialers: services.dialer.map((dialer) => dialer.name),
    crms: services.crm.map((crm) => crm.name),
    costs: costLines(config, usage, tally.usage.counts()),
    places: [
      ...(services.crm.some(({ name }) => name === 'csv')
        ? [['results', shown(folders.results)] as const]
        : []),
      ...((state.outcomes.get('previewed') ?? 0) > 0
        ? [['audio', `${shown(folders.output)}/*.wav`] as const]
        : []),
      ...(imported.rejected > 0 ? [['rejected', shown(folders.rejected)] as const] : []),
      ...(config.sheets.enabled
        ? [
            [
              'sheet',
              `https://docs.google.com/spreadsheets/d/${config.sheets.spreadsheetId}`,
            ] as const,
          ]
        : []),
      ['log', shown(config.logging.file)],
    ],
    again: againText(showing),
    settle: (contact) =>
      `${programName(world)} settle ${shellWord(campaign)} ${shellWord(contact)} answered` +
      configText(showing.options),
  };
}

/** What the next command needs to find the same settings. */
function configText({ config }: RunOptions): string {
  return config === 'config.yml' ? '' : ` --config ${shellWord(config)}`;
}

function againText({ world, list, options }: Showing): string {
  const name = options.name === undefined ? '' : ` --name ${shellWord(options.name)}`;
  return `${programName(world)} run ${shellWord(list)}${name}${configText(options)}`;
}
