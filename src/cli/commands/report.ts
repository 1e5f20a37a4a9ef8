/**
 * `campaign report`: outcomes, failures by service, timings; or every finished call.
 */
import { resolve } from 'node:path';
import { csvLine } from '../../domain/cells.ts';
import { maskNumbers } from '../../domain/privacy.ts';
import { RESULTS_HEADER, resultsRow } from '../../domain/results.ts';
import { serviceKey, servicesInUse } from '../../domain/service-key.ts';
import { counted, spanText } from '../../domain/text.ts';
import { type UsageCount, type UsageTotal, usageTotals } from '../../domain/usage.ts';
import type { Role } from '../../domain/words.ts';
import { ROLE_OF } from '../../engine/story-events.ts';
import { isRunLockHeld } from '../../store/lock.ts';
import type { FailureCount, FallbackCount } from '../../store/report-rows.ts';
import { openReports, type Reports } from '../../store/sqlite-reports.ts';
import type { Timing } from '../../store/timings.ts';
import { answersDocument, readCampaignState } from '../campaign-state.ts';
import { loadConfig } from '../config.ts';
import {
  campaignCostText,
  costDocument,
  hasPrices,
  priceText,
  serviceCost,
  usageDocument,
  usageText,
} from '../costs.ts';
import { CommandFailure, EXIT } from '../exit.ts';
import { resultsCall } from '../results-call.ts';
import { isoTime } from '../run-document.ts';
import type { Config } from '../settings.ts';
import type { World } from '../world.ts';
import { campaignNames } from './status.ts';

export interface ReportOptions {
  readonly config: string;
  readonly json?: boolean;
  readonly csv?: boolean;
}

/** Reasons of failed calls; --json has more. */
const REASONS_SHOWN = 10;

/** Rows written to the screen at a time. */
const ROWS_AT_ONCE = 500;

export async function report(
  world: World,
  name: string | undefined,
  options: ReportOptions,
): Promise<number> {
  if (options.json === true && options.csv === true) {
    throw new CommandFailure(EXIT.usage, '--json and --csv: one of the two is allowed');
  }
  const file = resolve(world.folder, options.config);
  const read = { file, shownAs: options.config, env: world.env, withoutSecrets: true };
  const config = await loadConfig(read);
  using reports = openReports({ path: config.store.path });
  const campaign = theCampaign(reports, name);
  if (options.csv === true) {
    writeCalls(world, reports, campaign);
    return EXIT.ok;
  }
  const { document, usage } = reports.consistent(() => ({
    document: reportDocument(config, reports, campaign),
    usage: reports.usage(campaign),
  }));
  world.stdout.write(
    options.json === true
      ? `${JSON.stringify(document, null, 2)}\n`
      : reportText(document) + usageTexts(config, usage),
  );
  return EXIT.ok;
}

function theCampaign(reports: Reports, name: string | undefined): string {
  const names = campaignNames(reports, name);
  const [first] = names;
  if (first !== undefined && names.length === 1) {
    return first;
  }
  throw new CommandFailure(
    EXIT.usage,
    names.length === 0
      ? 'there is no campaign yet'
      : `there are several campaigns; name one of: ${names.join(', ')}`,
    names.length === 0 ? '`campaign run <list>` begins one.' : undefined,
  );
}

function writeCalls(world: World, reports: Reports, campaign: string): void {
  let text = csvLine(RESULTS_HEADER);
  let rows = 0;
  for (const call of reports.calls(campaign, { recorded: false })) {
    text += csvLine(resultsRow(resultsCall(campaign, call)));
    rows += 1;
    if (rows % ROWS_AT_ONCE === 0) {
      world.stdout.write(text);
      text = '';
    }
  }
  world.stdout.write(text);
}

type ReportDocument = ReturnType<typeof reportDocument>;

function reportDocument(config: Config, reports: Reports, campaign: string) {
  const state = readCampaignState(reports, campaign);
  const { contacts, removed, outcomes, recordsOwed } = state;
  const [list] = reports.lists(campaign);
  const run = reports.lastRun(campaign);
  const usage = reports.usage(campaign);
  const failures = reports.failures(campaign);
  const fallbacks = reports.fallbacks(campaign);
  const used = [...servicesInUse(config.services), ...failures, ...fallbacks, ...usage];
  const named: Named = (role, service) => serviceKey(used, { role, service });
  return {
    campaign,
    list: list?.path,
    last_run: {
      started_at: run === undefined ? undefined : isoTime(run.startedMs),
      finished_at: run?.endedMs === undefined ? undefined : isoTime(run.endedMs),
      end: run?.end,
      // A run that was killed has no end either.
      is_on: run === undefined ? undefined : isRunLockHeld({ store: config.store.path, campaign }),
    },
    contacts: { ...contacts, rejected: reports.rejectedCount(campaign) },
    removed,
    records_owed: recordsOwed,
    record_notes: Object.fromEntries(
      reports.recordNotes(campaign).map(({ note, count }) => [maskNumbers(note), count]),
    ),
    outcomes: Object.fromEntries(outcomes),
    ...answersDocument(state),
    failed_calls: reports.failedCalls(campaign).map(({ reason, count }) => {
      return { reason: maskNumbers(reason), count };
    }),
    failures: failures.map((one) => failureDocument(named, one)),
    fallbacks: fallbacks.map((one) => fallbackDocument(named, one)),
    timings: reports.timings(campaign).map((one) => timingDocument(named, one)),
    usage: usageTotals(usage).map((total) => totalDocument(config, named, total)),
    cost: costDocument(config, usage),
  };
}

/** What a person calls it: an account that fills two roles is named as two. */
type Named = (role: Role, service: string) => string;

function failureDocument(named: Named, failure: FailureCount) {
  const { role, kind, code, status, count, lastMs } = failure;
  const message = maskNumbers(failure.message);
  const last_at = isoTime(lastMs);
  const service = named(role, failure.service);
  return { service, role, error_category: kind, code, status, count, last_at, message };
}

function fallbackDocument(named: Named, fallback: FallbackCount) {
  const { role, count, reason, lastMs } = fallback;
  const service = named(role, fallback.service);
  const instead = named(role, fallback.instead);
  return { role, service, instead, count, last_at: isoTime(lastMs), reason: maskNumbers(reason) };
}

function timingDocument(named: Named, timing: Timing) {
  const { step, count, meanMs, medianMs, maxMs } = timing;
  const service = named(ROLE_OF[step], timing.service);
  return { step, service, count, mean_ms: meanMs, median_ms: medianMs, max_ms: maxMs };
}

function totalDocument(config: Config, named: Named, total: UsageTotal) {
  const { role } = total;
  const service = named(role, total.service);
  return { service, role, ...usageDocument(total), cost: serviceCost(config, total) };
}

function runEnd(run: ReportDocument['last_run']): string {
  if (run.started_at === undefined) {
    return '';
  }
  return ` (${run.end ?? (run.is_on === true ? 'still on' : 'cut off: no run is on')})`;
}

function reportText(document: ReportDocument): string {
  const { campaign, contacts, outcomes, failures, fallbacks, timings, last_run: run } = document;
  const share = (count: number): string =>
    contacts.total === 0 ? '' : `${Math.round((count / contacts.total) * 100)} %`;
  const lines = [
    `${campaign}: ${counted(contacts.total, 'contact')}, ${contacts.done} done, ` +
      `${contacts.uncertain} uncertain, ${counted(contacts.rejected, 'row')} rejected` +
      (document.removed === 0 ? '' : `, ${document.removed} taken out of the list`),
    `  list      ${document.list ?? 'none read yet'}`,
    `  last run  ${run.started_at ?? 'none'}${runEnd(run)}`,
    '',
    Object.keys(outcomes).length === 0 ? 'No outcome yet' : 'Outcomes',
    ...Object.entries(outcomes).map(
      ([outcome, count]) =>
        `  ${outcome.padEnd(16)}${String(count).padStart(8)}  ${share(count).padStart(5)}`,
    ),
    ...answerLines(document),
    ...(document.records_owed === 0
      ? []
      : [`  ${counted(document.records_owed, 'record')} owed to the CRM`]),
    ...Object.entries(document.record_notes).map(
      ([note, count]) => `  ${counted(count, 'record')} with a note: ${note}`,
    ),
    ...failedCallLines(document),
    '',
    failures.length === 0 ? 'No service failed' : 'Failures by service',
    ...failures.map(
      ({ service, code, count, last_at: last, message }) =>
        `  ${service.padEnd(14)}${code.padEnd(22)}${String(count).padStart(6)}  ` +
        `last ${last}  ${message}`,
    ),
    ...(fallbacks.length === 0 ? [] : ['', 'Fallbacks: who did it, instead of whom']),
    ...fallbacks.map(
      ({ service, instead, count, last_at: last, reason }) =>
        `  ${service.padEnd(14)}${instead.padEnd(22)}${String(count).padStart(6)}  ` +
        `last ${last}  ${reason}`,
    ),
    ...(timings.length === 0 ? [] : ['', 'Timings']),
    ...timings.map(
      ({ step, service, count, mean_ms: meanMs, max_ms: maxMs }) =>
        `  ${step.padEnd(8)}${service.padEnd(14)}${String(count).padStart(8)} ` +
        `${(count === 1 ? 'time' : 'times').padEnd(7)}` +
        `mean ${spanText(meanMs)}, longest ${spanText(maxMs)}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function failedCallLines({ failed_calls: reasons }: ReportDocument): readonly string[] {
  if (reasons.length === 0) return [];
  const shown = reasons.slice(0, REASONS_SHOWN);
  const others = reasons.slice(REASONS_SHOWN).reduce((total, { count }) => total + count, 0);
  return [
    '',
    'Why calls failed',
    ...shown.map(({ reason, count }) => `${String(count).padStart(8)}  ${reason}`),
    ...(others === 0 ? [] : [`${String(others).padStart(8)}  for other reasons`]),
  ];
}

function answerLines({ answers = {}, opted_out: optedOut = 0 }: ReportDocument): readonly string[] {
  return [
    ...Object.entries(answers).map(([answer, count]) => `  chose ${answer}: ${count}`),
    ...(optedOut === 0
      ? []
      : [`  opted out: ${optedOut} of those that failed: not rung, as they had asked`]),
  ];
}

/** Nothing where nothing was paid for and no price is known. */
function usageTexts(config: Config, counts: readonly UsageCount[]): string {
  const used = [...servicesInUse(config.services), ...counts];
  const lines = usageTotals(counts).map((total) => {
    const { role } = total;
    const service = serviceKey(used, total);
    const what = `${usageText(total)}${priceText(config, total)}`;
    return `  ${role.padEnd(8)}${service.padEnd(14)}${what}`;
  });
  return [
    ...(lines.length === 0 ? [] : ['', 'Usage', ...lines]),
    ...(hasPrices(config) ? ['', `Cost: ${campaignCostText(config, counts)}`] : []),
  ]
    .map((line) => `${line}\n`)
    .join('');
}
