/**
 * `campaign status`: where the campaigns stand, what is next and why it waits.
 */
import { resolve } from 'node:path';
import { causeText } from '../../domain/causes.ts';
import { maskContactId, maskNumbers } from '../../domain/privacy.ts';
import { counted, fitted, listed, spanText } from '../../domain/text.ts';
import type { UsageCount } from '../../domain/usage.ts';
import type { Stage } from '../../engine/ports.ts';
import { isRunLockHeld } from '../../store/lock.ts';
import type {
  CallsInDoubt,
  CutOffService,
  NextContact,
  WaitingReason,
} from '../../store/report-rows.ts';
import { openReports, type Reports } from '../../store/sqlite-reports.ts';
import { type BreakerLine, type BreakerLines, breakerLines, downText } from '../breaker-text.ts';
import {
  answersDocument,
  type CampaignState,
  openCount,
  readCampaignState,
} from '../campaign-state.ts';
import { loadConfig } from '../config.ts';
import { type CostDocument, campaignCostText, costDocument, isSpent } from '../costs.ts';
import { cutOffDocument, cutOffLine } from '../cut-off.ts';
import { callsInDoubt, doubtLines } from '../doubt-text.ts';
import { CommandFailure, EXIT } from '../exit.ts';
import { type OpenAlertLine, openAlertLines, openAlertText } from '../open-alerts.ts';
import { type OwedAlertsLine, owedAlertsLines, owedAlertsText } from '../owed-alerts.ts';
import { isoTime } from '../run-document.ts';
import type { Config } from '../settings.ts';
import { nearest } from '../suggest.ts';
import type { World } from '../world.ts';

export interface StatusOptions {
  readonly config: string;
  readonly json?: boolean;
}

/** How many of the next contacts are shown. */
const NEXT_SHOWN = 5;

const UNCERTAIN_SHOWN = 5;

interface CampaignStatus {
  readonly campaign: string;
  readonly state: CampaignState;
  readonly rejected: number;
  /** Rows that the sheet has yet to take. */
  readonly rowsOwed: number;
  /** Since when a run works on it, and which process that is. */
  readonly running: { readonly sinceMs: number; readonly pid: number } | undefined;
  readonly inDoubt: readonly CallsInDoubt[];
  /** Of the run that is on. */
  readonly cutOff: readonly CutOffService[];
  readonly next: readonly NextContact[];
  readonly cost: CostDocument | undefined;
  /** How much of the budget is spent, for people; undefined where there is none. */
  readonly budget: string | undefined;
}

/** What stands below all campaigns. */
interface Below extends BreakerLines {
  readonly open: readonly OpenAlertLine[];
  readonly untold: readonly OwedAlertsLine[];
  /** A run is on, of whatever campaign. */
  readonly isAnyOn: boolean;
}

export async function status(
  world: World,
  name: string | undefined,
  options: StatusOptions,
): Promise<number> {
  const file = resolve(world.folder, options.config);
  const read = { file, shownAs: options.config, env: world.env, withoutSecrets: true };
  const config = await loadConfig(read);
  using reports = openReports({ path: config.store.path });
  const wallMs = world.clock.wallMs();
  const statuses = reports.consistent(() =>
    campaignNames(reports, name).map((campaign) => statusOf(config, reports, campaign, wallMs)),
  );
  const breakers = breakerLines(config, reports, wallMs);
  const on = campaignsOn(config, reports);
  const open = openAlertLines(reports.alertsOpen(), on);
  const runsMs = on.flatMap((campaign) => runningNow(reports, campaign)?.sinceMs ?? []);
  const untold = owedAlertsLines(reports.alertsOwed(), config.alerts, runsMs);
  const below = { ...breakers, open, untold, isAnyOn: runsMs.length > 0 };
  world.stdout.write(
    options.json === true
      ? `${JSON.stringify(statusDocument(options.config, statuses, below), null, 2)}\n`
      : fitted(
          statusText(config, statuses, { shownAs: options.config, ...below }, wallMs),
          world.stdout.columns,
        ),
  );
  return EXIT.ok;
}

/** The one named, or all. */
export function campaignNames(reports: Reports, name: string | undefined): readonly string[] {
  const names = reports.campaigns().map(({ campaign }) => campaign);
  if (name === undefined) {
    return names;
  }
  if (names.includes(name)) {
    return [name];
  }
  const near = nearest(name, names);
  throw new CommandFailure(
    EXIT.usage,
    names.length === 0
      ? 'there is no campaign yet'
      : `there is no campaign ${name}; there ${names.length === 1 ? 'is' : 'are'}: ` +
          listed(names),
    names.length === 0 ? '`campaign run <list>` begins one.' : near && `Did you mean ${near}?`,
  );
}

/** Those that a run works on, whichever is asked about. */
function campaignsOn({ store }: Config, reports: Reports): readonly string[] {
  const names = reports.campaigns().map(({ campaign }) => campaign);
  return names.filter((campaign) => isRunLockHeld({ store: store.path, campaign }));
}

function statusOf(
  config: Config,
  reports: Reports,
  campaign: string,
  wallMs: number,
): CampaignStatus {
  const usage = reports.usage(campaign);
  const held = isRunLockHeld({ store: config.store.path, campaign });
  return {
    campaign,
    state: readCampaignState(reports, campaign),
    rejected: reports.rejectedCount(campaign),
    rowsOwed: reports.rowsOwed(campaign),
    running: held ? runningNow(reports, campaign) : undefined,
    cutOff: held ? reports.cutOff(campaign) : [],
    inDoubt: callsInDoubt(config, reports, campaign, held, wallMs),
    next: reports.nextContacts(campaign, NEXT_SHOWN),
    cost: costDocument(config, usage),
    budget: budgetLine(config, usage),
  };
}

/** Of a campaign whose lock is held. */
function runningNow(reports: Reports, campaign: string): CampaignStatus['running'] {
  const run = reports.lastRun(campaign);
  return run === undefined ? undefined : { sinceMs: run.startedMs, pid: run.pid };
}

function budgetLine(config: Config, usage: readonly UsageCount[]): string | undefined {
  if (config.campaign.budgetMicros === undefined) {
    return undefined;
  }
  const text = `budget: ${campaignCostText(config, usage)}`;
  return isSpent(config, usage)
    ? `${text}: no new contact is taken until campaign.budget is raised`
    : text;
}

function statusDocument(
  config: string,
  statuses: readonly CampaignStatus[],
  { own, others, open, untold }: Below,
) {
  return {
    campaigns: statuses.map(document),
    // The store may be shared with runs that have other settings.
    config,
    services: own,
    other_services: Object.keys(others).length === 0 ? undefined : others,
    alerts_open: open,
    alerts_owed: untold,
  };
}

function document(one: CampaignStatus) {
  const { campaign, state, rejected, rowsOwed, running, cutOff, inDoubt, next, cost } = one;
  const { contacts, removed, outcomes, recordsOwed, waiting, uncertain } = state;
  return {
    campaign,
    running_since: running === undefined ? undefined : isoTime(running.sinceMs),
    pid: running?.pid,
    not_connected: cutOff.length === 0 ? undefined : cutOff.map(cutOffDocument),
    contacts: { ...contacts, rejected },
    removed,
    records_owed: recordsOwed,
    rows_owed: rowsOwed,
    outcomes: Object.fromEntries(outcomes),
    ...answersDocument(state),
    waiting: waiting.map(({ reason, count, cause, dueMs }) => ({
      reason: maskNumbers(reason),
      cause,
      count,
      due_at: dueMs === undefined ? undefined : isoTime(dueMs),
    })),
    uncertain: uncertain.map(maskContactId),
    asked_again: state.askedAgain === 0 ? undefined : state.askedAgain,
    in_doubt: inDoubt.map(({ service, count, sinceMs }) => ({
      service,
      calls: count,
      since: isoTime(sinceMs),
    })),
    next: next.map(({ contact, stage, dueMs, reason }) => ({
      contact: maskContactId(contact),
      stage,
      due_at: dueMs === undefined ? undefined : isoTime(dueMs),
      reason: reason && maskNumbers(reason),
    })),
    cost,
  };
}

interface Shown extends Below {
  readonly shownAs: string;
}

function statusText(
  config: Config,
  statuses: readonly CampaignStatus[],
  { shownAs, own, others, open, untold, isAnyOn }: Shown,
  wallMs: number,
): string {
  const down = Object.entries(own).filter(([, line]) => line.retry_at !== undefined);
  const isRunning = statuses.some(({ running }) => running !== undefined);
  const lines = [
    ...statuses.flatMap((one) => [...campaignLines(one, config, wallMs), '']),
    ...(statuses.length === 0 ? ['no campaign yet: `campaign run <list>` begins one', ''] : []),
    ...down.map(([service, line]) => {
      const text = serviceLine(service, line, isRunning, wallMs);
      const isLost = statuses.some(({ cutOff }) => cutOff.some((one) => one.service === service));
      return isLost ? `${text}, or as soon as it is connected` : text;
    }),
    ...(down.length === 0
      ? [`services of ${shownAs}: ${Object.keys(own).join(', ')}; no breaker is open`]
      : []),
    ...Object.entries(others).map(([service, line]) => otherLine(service, line, shownAs)),
    ...open.map((line) => openAlertText(line, wallMs)),
    ...untold.map((line) => owedAlertsText(line, isAnyOn, wallMs)),
  ];
  return `${lines.join('\n')}\n`;
}

/** Nobody tries it again with these settings. */
function otherLine(service: string, line: BreakerLine, shownAs: string): string {
  const { role, down_since: since, reason = '' } = line;
  return `not asked by ${shownAs}: ${service} (${role}) does not work since ${since}: ${reason}`;
}

function serviceLine(
  service: string,
  line: BreakerLine,
  isRunning: boolean,
  wallMs: number,
): string {
  const { down_since: since, retry_at: retryAt, reason = '', latest } = line;
  const sinceMs = since === undefined ? undefined : Date.parse(since);
  const waitMs = Date.parse(retryAt ?? '') - wallMs;
  const down = { service, sinceMs, waitMs, reason, latest };
  return downText(down, isRunning ? 'now' : 'next_run', wallMs);
}

function cutOffText(calling: number): string {
  if (calling === 0) return '';
  return `; ${calling} ${calling === 1 ? 'was' : 'were'} cut off: the next run goes on`;
}

function campaignLines(one: CampaignStatus, config: Config, wallMs: number): string[] {
  const { campaign, state, rejected, rowsOwed, running, next } = one;
  const { contacts, removed, outcomes, recordsOwed, waiting, uncertain, askedAgain } = state;
  const reused = state.reusedIds.count;
  const { done, calling, queued, put_off: putOff } = contacts;
  const outcomeText = [...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
  const upNext =
    openCount(state) === 0 ? [] : next.map((contact) => nextLine(contact, one.cutOff, wallMs));
  return [
    `${campaign}: ${counted(contacts.total, 'contact')}, ${done} done, ${calling} calling, ` +
      `${queued} queued, ${putOff} put off, ${contacts.uncertain} uncertain; ` +
      `${counted(rejected, 'row')} rejected` +
      (removed === 0 ? '' : `, ${removed} taken out of the list`) +
      (reused === 0 ? '' : `, ${reused} not called because the id was another's`),
    running === undefined
      ? `  no run is on${cutOffText(calling)}`
      : `  running since ${isoTime(running.sinceMs)} (process ${running.pid})`,
    ...one.cutOff.map((its) => cutOffLine(its, wallMs)),
    ...doubtLines(one.inDoubt, config, running !== undefined, wallMs),
    ...(outcomeText === '' ? [] : [`  outcomes: ${outcomeText}`]),
    ...answerLines(state),
    ...(recordsOwed === 0 ? [] : [`  ${counted(recordsOwed, 'record')} owed to the CRM`]),
    ...(rowsOwed === 0 ? [] : [`  ${counted(rowsOwed, 'row')} owed to the Google sheet`]),
    ...(one.budget === undefined ? [] : [`  ${one.budget}`]),
    ...waiting.map((reason) => waitingLine(reason, one, wallMs)),
    ...(uncertain.length === 0
      ? []
      : [
          `  uncertain: ${uncertainText(uncertain)} (campaign settle --help)` +
            askedAgainText(askedAgain),
        ]),
    ...(upNext.length === 0 ? [] : ['  next:', ...upNext]),
  ];
}

function answerLines({ answers, optedOut }: CampaignState): readonly string[] {
  const chosen = [...answers].map(([answer, count]) => `${count} ${answer}`).join(', ');
  return [
    ...(chosen === '' ? [] : [`  chosen with a key: ${chosen}`]),
    ...(optedOut === 0 ? [] : [`  ${optedOut} opted out: not rung, as they had asked`]),
  ];
}

/** Nobody is called while no run is on, however long they have been due. */
function waitingLine(
  { count, dueMs, ...cause }: WaitingReason,
  { running, cutOff }: Pick<CampaignStatus, 'running' | 'cutOff'>,
  wallMs: number,
): string {
  const why = causeText(cause);
  if (dueMs === undefined) return `  ${counted(count, 'record')} for the next run: ${why}`;
  const wait = dueMs > wallMs ? `, the first in ${spanText(dueMs - wallMs)}` : '';
  const first = `the first ${when(dueMs, wallMs)}${orConnected(why, cutOff)}`;
  const then = running === undefined ? `the next run takes them${wait}` : first;
  return `  ${count} put off: ${why}; ${then}`;
}

/** Whoever waits for a service is due as soon as that is there again. */
function orConnected(why: string, cutOff: readonly CutOffService[]): string {
  const lost = cutOff.find(({ service }) => why.includes(service));
  return lost === undefined ? '' : `, or as soon as ${lost.service} is connected`;
}

function uncertainText(uncertain: readonly string[]): string {
  const shown = uncertain.slice(0, UNCERTAIN_SHOWN).map(maskContactId);
  const more = uncertain.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function askedAgainText(count: number): string {
  return count === 0 ? '' : `; the next run asks the dialer about ${count} of them once more`;
}

const STAGE_WORDS: Readonly<Record<Stage, string>> = {
  fresh: 'not begun yet',
  scripted: 'the text is written',
  spoken: 'the text is spoken',
  dialling: 'a call was begun; a run asks the dialer what became of it before anything else',
  owed: 'the call has ended; its record is owed to the CRM',
  doubted: 'is uncertain; a run asks the dialer once more what became of the call',
};

function nextLine(
  { contact, name, stage, dueMs, reason = '' }: NextContact,
  cutOff: readonly CutOffService[],
  wallMs: number,
): string {
  const who = `${maskContactId(contact)}${name === undefined ? '' : ` ${name}`}`;
  const why = reason === '' ? '' : `: ${maskNumbers(reason)}`;
  return dueMs === undefined
    ? `    ${who}: ${STAGE_WORDS[stage]}`
    : `    ${who} ${when(dueMs, wallMs)}${orConnected(reason, cutOff)}${why}`;
}

function when(dueMs: number, wallMs: number): string {
  return dueMs <= wallMs ? 'is due' : `is due in ${spanText(dueMs - wallMs)}`;
}
