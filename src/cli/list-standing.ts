/**
 * What the store knows of the people of a list before any of them is called: whose id was another
 * person's, who was called under another id or by another campaign, who asked not to be.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { counted } from '../domain/text.ts';
import type { UsageCount } from '../domain/usage.ts';
import type { LinesFound } from '../store/report-rows.ts';
import { openReports, type Reports } from '../store/sqlite-reports.ts';
import type { CheckSink } from './check-sink.ts';
import type { Findings } from './check-speech.ts';
import { campaignCostText, isSpent } from './costs.ts';
import { CommandFailure, EXIT, explain } from './exit.ts';
import { begunText, renamedText, reusedText, todayText } from './list-text.ts';
import type { Config } from './settings.ts';
import type { World } from './world.ts';

export interface ListParts {
  readonly world: World;
  readonly campaign: string;
  /** As typed. */
  readonly list: string;
  /** The campaign was named with `--name`, so a list from another place is meant. */
  readonly named: boolean;
}

/**
 * Two lists with the same file name are not one campaign by accident: the people of the first
 * would be taken out because the second does not have them.
 */
export function refuseOtherList(parts: ListParts, reports: Reports): void {
  const { world, campaign, list, named } = parts;
  const before = reports.hasCampaign(campaign) ? reports.lists(campaign)[0] : undefined;
  if (named || before === undefined || before.path === resolve(world.folder, list)) {
    return;
  }
  throw new CommandFailure(
    EXIT.usage,
    `the campaign ${campaign} was made from another list: ${before.path}`,
    `Give this one a name of its own with --name; or, if it takes the place of the other, ` +
      `--name ${campaign}.`,
  );
}

export interface ListNotice {
  readonly code: 'ids_reused' | 'called_before' | 'called_today';
  readonly message: string;
}

/** Of a list that was just taken in. */
export function listNotices(
  { world, campaign }: ListParts,
  config: Config,
  reports: Reports,
): readonly ListNotice[] {
  const { people } = reports;
  const { queued, put_off: putOff } = reports.counts(campaign);
  const today = people.calledSince(campaign, startOfDayMs(world.clock.wallMs()));
  const again = [...today].filter(([phone]) => people.isQueued(campaign, phone));
  const renamed = config.campaign.sameNumber === 'allow' ? people.renamedIds(campaign) : NO_LINES;
  return [
    { code: 'ids_reused' as const, message: reusedText(people.reusedIds(campaign)) },
    { code: 'called_before' as const, message: renamedText(renamed, 'allow') },
    { code: 'called_today' as const, message: todayText(again, queued + putOff) },
  ].filter(({ message }) => message !== '');
}

/** Of a list that is only looked at. A store that is not there is not made by asking about it. */
export function checkStanding(parts: ListParts, config: Config, sink: CheckSink): Findings {
  const { path } = config.store;
  if (!existsSync(path)) return { problems: [], notices: [] };
  using reports = openReports({ path });
  const notices = standingTexts(parts, config, reports, sink).filter((text) => text !== '');
  try {
    refuseOtherList(parts, reports);
    return { problems: [], notices };
  } catch (error) {
    const { code, message, hint = '' } = explain(error);
    return { problems: [{ code, text: `${message}\n  ${hint}` }], notices: [] };
  }
}

function standingTexts(
  { world, campaign }: ListParts,
  config: Config,
  reports: Reports,
  { rows, numbers }: CheckSink,
): readonly string[] {
  const { people } = reports;
  const reused: number[] = [];
  /** By the id that they have now, the lines of those who were called under another one. */
  const renamed = new Map<string, number>();
  const settled = new Set<string>();
  const done = new Set<string>();
  for (const { contact, phone, outcome, wasCalled } of people.known(campaign)) {
    const row = rows.get(contact);
    const other = row === undefined && wasCalled ? numbers.get(phone) : undefined;
    if (other !== undefined) renamed.set(other.contact, other.line);
    if (row === undefined || outcome === undefined) continue;
    done.add(contact);
    settled.add(row.phone);
    if (row.phone !== phone) reused.push(row.line);
  }
  // They have their outcome under that id as well: nobody calls them again.
  for (const contact of done) renamed.delete(contact);
  const today = [...people.calledSince(campaign, startOfDayMs(world.clock.wallMs()))];
  const again = today.filter(([phone]) => numbers.has(phone) && !settled.has(phone));
  const optedOut = reports.optOuts().filter(({ number }) => numbers.has(number)).length;
  return [
    reports.hasCampaign(campaign) ? begunText(campaign, done.size, rows.size) : '',
    spentText(config, reports.usage(campaign)),
    owedText(reports.recordsOwed(campaign)),
    reusedText(found(reused)),
    renamedText(found([...renamed.values()]), config.campaign.sameNumber),
    todayText(again, rows.size - done.size),
    optedOut === 0
      ? ''
      : `${counted(optedOut, 'number')} of the list asked not to be called, and ` +
        `${optedOut === 1 ? 'is' : 'are'} not rung (\`campaign opt-outs\`)`,
  ];
}

function spentText(config: Config, usage: readonly UsageCount[]): string {
  return isSpent(config, usage)
    ? `campaign.budget is spent (${campaignCostText(config, usage)}): nobody would be called ` +
        'until it is raised'
    : '';
}

function owedText(records: number): string {
  return records === 0
    ? ''
    : `${counted(records, 'record')} of calls ${records === 1 ? 'is' : 'are'} owed to the CRM, ` +
        'and would be made';
}

const NO_LINES: LinesFound = { count: 0, lines: [] };
const LINES_SHOWN = 3;

function found(lines: readonly number[]): LinesFound {
  const sorted = lines.toSorted((one, other) => one - other);
  return { count: lines.length, lines: sorted.slice(0, LINES_SHOWN) };
}

/** Midnight on this machine's clock. */
function startOfDayMs(wallMs: number): number {
  return new Date(wallMs).setHours(0, 0, 0, 0);
}
