/**
 * `campaign simulate`: the engine of `run` under virtual time, with services that fail as asked.
 */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { CampaignEvent, RunEnd } from '../../domain/event.ts';
import { moneyText } from '../../domain/money.ts';
import { servicesInUse } from '../../domain/service-key.ts';
import { RunTally } from '../../domain/tally.ts';
import { counted, listed, spanText, wrapped } from '../../domain/text.ts';
import { ROLES, type Role } from '../../domain/words.ts';
import { takes } from '../../engine/alerter.ts';
import type { RunSignals } from '../../engine/runner.ts';
import { openAppLog } from '../../observers/app-log.ts';
import type { Outage } from '../../sim/outage.ts';
import { answersDocument, openCount } from '../campaign-state.ts';
import { campaignCostText, costDocument } from '../costs.ts';
import { CommandFailure, EXIT } from '../exit.ts';
import { forecastDocument } from '../forecast-document.ts';
import {
  type ForecastFacts,
  faultWords,
  forecastText,
  type OutageCost,
  outageText,
  paceText,
  type Told,
  whomText,
} from '../forecast-text.ts';
import { OtherDays } from '../other-days.ts';
import { figuresOf, priceOf } from '../outage-price.ts';
import { type Paint, paintFor } from '../paint.ts';
import { isoTime, type RunDocument, serviceDocuments } from '../run-document.ts';
import type { Config } from '../settings.ts';
import {
  type CampaignOptions,
  type SimulatedCampaign,
  simulatedCampaign,
} from '../simulated-campaign.ts';
import { type Played, playCampaign, virtualClock } from '../simulated-run.ts';
import { stopSignals } from '../stop-signals.ts';
import { type SummaryFacts, servicesDown, summaryText } from '../summary.ts';
import { type Detail, Timeline, timeText } from '../timeline.ts';
import type { World } from '../world.ts';

export interface SimulateOptions extends CampaignOptions {
  readonly seed: number;
  readonly realtime?: boolean;
  /** Times as fast as life. */
  readonly speed?: number;
  readonly log?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly color: boolean;
}

/** Longer lists are told by what an operator would want to know; the calls would hide it. */
const STORY_CONTACTS_MAX = 40;

/** What the views of one simulation share. */
interface Showing {
  readonly world: World;
  readonly options: SimulateOptions;
  readonly campaign: SimulatedCampaign;
  readonly tally: RunTally;
  readonly told: Told[];
  readonly write: (text: string) => void;
  readonly paint: Paint;
  /** Of the screen, as far as lines are broken for it. */
  readonly columns: number;
}

/** Where it is not known, and at most: longer lines are hard to read. */
const COLUMNS = 80;
/** On less, nothing is laid out. */
const COLUMNS_MIN = 40;

export async function simulate(
  world: World,
  list: string | undefined,
  options: SimulateOptions,
): Promise<number> {
  await refuseOldLog(world, options.log);
  const tally = new RunTally();
  const take = (event: CampaignEvent): void => tally.take(event);
  const campaign = await simulatedCampaign(world, list, options, take);
  const output = options.json === true ? world.stderr : world.stdout;
  const paint = paintFor(output, world, options.color);
  const write = (text: string): void => {
    if (options.quiet !== true) output.write(text);
  };
  const columns = Math.max(COLUMNS_MIN, Math.min(COLUMNS, output.columns ?? COLUMNS));
  const showing: Showing = { world, options, campaign, tally, told: [], write, paint, columns };
  write(headerText(showing));
  using stop = stopSignals(world, (message) => {
    world.stderr.write(`  ${message}\n`);
  });
  await using others = otherDays(showing, stop.signals);
  const played = await playShown(showing, stop.signals);
  const { drain } = stop.signals;
  tell(showing, played, await pricesOf(showing, played, others));
  return drain.aborted ? EXIT.unfinished : EXIT.ok;
}

/** Two days in one file would be read as one, and a list or a config is no log. */
async function refuseOldLog(world: World, log: string | undefined): Promise<void> {
  const there = log && (await stat(resolve(world.folder, log)).catch(() => undefined));
  if (there !== undefined && there !== '') {
    throw new CommandFailure(
      EXIT.usage,
      `--log ${log}: there is such a file already`,
      'Name a new one, or delete that one first.',
    );
  }
}

/** The run that is shown, logged and counted. */
async function playShown(showing: Showing, signals: RunSignals): Promise<Played> {
  const { world, options, campaign, tally, told, write, paint, columns } = showing;
  const clock = virtualClock(world, campaign.startMs);
  const speed = options.speed ?? (options.realtime === true ? 1 : undefined);
  const services = servicesInUse(campaign.config.services);
  const timeline = new Timeline({
    services,
    write,
    wallMs: () => clock.wallMs(),
    paint,
    columns,
    detail: detailOf(showing),
    lines: campaign.lines,
    tellsStarts: speed !== undefined,
  });
  using log =
    options.log === undefined
      ? undefined
      : openAppLog({
          ...campaign.config.logging,
          file: resolve(world.folder, options.log),
          campaign: campaign.name,
          services,
          clock,
          onProblem: (message) => {
            world.stderr.write(`campaign: ${message}\n`);
          },
        });
  const played = await playCampaign(
    world,
    {
      campaign,
      outages: campaign.outages,
      seed: options.seed,
      signals,
      speed,
      onWait: () => {
        timeline.flush();
      },
      listen: (event) => {
        tally.take(event);
        log?.take(event);
        timeline.take(event);
      },
      onCheck: (service, role, isGood, durationMs) => {
        timeline.check({ service, role }, isGood, durationMs);
      },
      onAlert: (alert) => {
        const channels = campaign.channels?.filter(takes(alert)).map(({ name }) => name);
        told.push({ wallMs: clock.wallMs(), ...alert, channels });
        timeline.alert(alert, channels);
      },
      onOutage: (outage, begins) => {
        const others = overlapping(outage, campaign.outages, clock.monotonicMs());
        const isGood = !begins && others.length === 0;
        timeline.say(outageNews(outage, begins, others), isGood ? 'green' : 'yellow');
      },
    },
    clock,
  );
  timeline.flush();
  return played;
}

function detailOf({ options, campaign }: Showing): Detail {
  if (options.verbose === true) return 'all';
  return campaign.contacts.length <= STORY_CONTACTS_MAX ? 'story' : 'news';
}

/** @param others outages that are on at the same moment, of any service of this one */
function outageNews(outage: Outage, begins: boolean, others: readonly Outage[]): string {
  const { name, fault } = outage;
  const who = whomText(outage);
  if (begins) return `── from now on ${who} ${faultWords(fault)}`;
  const left = others.map((other) => `${other.name} still ${faultWords(other.fault)}`);
  return left.length === 0
    ? `── ${who} is well again`
    : `── this outage of ${name} is over; ${listed(left)}`;
}

function overlapping(outage: Outage, outages: readonly Outage[], atMs: number): readonly Outage[] {
  const services = new Set(outage.places.map(({ service }) => service));
  return outages.filter(
    (other) =>
      other !== outage &&
      other.startMs <= atMs &&
      atMs < other.endMs &&
      other.places.some(({ service }) => services.has(service)),
  );
}

/** The same day without each outage; with several, also without any. */
function otherDays({ world, options, campaign }: Showing, signals: RunSignals): OtherDays {
  const { outages } = campaign;
  const without = outages.map((outage) => outages.filter((other) => other !== outage));
  const days = outages.length > 1 ? [...without, []] : without;
  return new OtherDays({ world, campaign, seed: options.seed, signals, days });
}

type Prices = Pick<ForecastFacts, 'costs' | 'together'>;

/** What each outage did, and all of them together, which is not the sum. */
async function pricesOf({ campaign }: Showing, played: Played, others: OtherDays): Promise<Prices> {
  const { outages } = campaign;
  // Records are made after the last outcome.
  const met = outages.filter(({ startMs }) => startMs < played.durationMs);
  const isNeeded = (day: number): boolean => {
    const outage = outages[day];
    return outage === undefined ? met.length > 1 : met.includes(outage);
  };
  const figures = await others.figures(isNeeded);
  const day = figuresOf(played);
  const priced = (at: number, those: readonly Outage[]): OutageCost['price'] => {
    const without = figures[at];
    return without === undefined ? 'stopped' : priceOf(those, day, without);
  };
  return {
    costs: outages.map((outage, at) => ({
      outage,
      price: met.includes(outage) ? priced(at, [outage]) : whyUnmet(played),
    })),
    together: met.length > 1 ? priced(outages.length, met) : undefined,
  };
}

/** Why an outage met nobody that had not begun by the end. */
function whyUnmet({ state, end }: Played): OutageCost['price'] {
  if (openCount(state) === 0 || end === 'done') return 'late';
  return end === 'stopped' ? 'unbegun' : 'ended';
}

// ---------------------------------------------------------------------------- telling

const ROLE_VERBS: Readonly<Record<Role, string>> = {
  llm: 'writes',
  tts: 'speaks',
  dialer: 'rings',
  crm: 'notes',
};

function headerText(showing: Showing): string {
  const { campaign, options, paint, columns } = showing;
  const { chains, lines, contacts, startMs, outages, notes, list, config } = campaign;
  const who =
    list === undefined
      ? counted(contacts.length, 'made-up contact')
      : `${counted(contacts.length, 'contact')} of ${list}`;
  const vendors = ROLES.filter((role) => chains[role].length > 0).map(
    (role) => `${chains[role].join(' or ')} ${ROLE_VERBS[role]}`,
  );
  const { retry, circuitBreaker } = config.generalPolicy;
  const waits = Array.from({ length: retry.maxRetries }, (_, index) =>
    spanText(Math.min(retry.maxDelayMs, retry.initialDelayMs * retry.backoffFactor ** index)),
  );
  const title =
    `Simulation, seed ${options.seed}: ${who} on ${counted(lines, 'line')}. ` + 'Nobody is rung.';
  const about = [
    `it begins on ${dayText(startMs)}`,
    vendors.join(', '),
    ...paceNotes(showing.campaign),
    `a failed request is tried again after ${listed(waits)}` +
      `${retry.jitter > 0 ? ` (up to ${Math.round(retry.jitter * 100)} % more)` : ''};`,
    `after ${counted(circuitBreaker.failureThreshold, 'failure')} in a row on one line its ` +
      `service is left alone for ${spanText(circuitBreaker.recoveryTimeoutMs)}`,
  ];
  const indented = (text: string): readonly string[] =>
    wrapped(text, columns - 4).map((line, index) => `${index === 0 ? '  ' : '    '}${line}`);
  const text = [
    ...wrapped(title, columns).map((line) =>
      line.replace(/^Simulation/, (it) => paint('bold', it)),
    ),
    ...about.flatMap(indented),
    ...outages
      .flatMap((outage) => indented(outageText(outage, startMs)))
      .map((line) => paint('yellow', line)),
    ...[...budgetNotes(config), ...notes].flatMap(indented),
  ];
  return `${text.join('\n')}\n\n`;
}

function paceNotes({ chains, config }: SimulatedCampaign): readonly string[] {
  const rings = chains.dialer.some((dialer) => dialer !== 'preview');
  return rings ? [`the pace is ${paceText(config.campaign.callsPerSecond)} at most`] : [];
}

function budgetNotes({ campaign }: Config): readonly string[] {
  const { budgetMicros, currency } = campaign;
  if (budgetMicros === undefined) return [];
  const budget = moneyText(budgetMicros, currency);
  return [`campaign.budget is ${budget}: it is played, with estimates of what is used`];
}

/** `Monday 2 March 2026, 09:00:00`. */
function dayText(wallMs: number): string {
  const date = new Date(wallMs);
  const day = date.toLocaleDateString('en-GB', {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  });
  return `${day}, ${timeText(wallMs, wallMs)}`;
}

function tell(showing: Showing, played: Played, prices: Prices): void {
  const { world, options, campaign, told, write, paint, columns } = showing;
  const { forecast, state, lateAnswers, durationMs, end } = played;
  const summary = summaryFacts(showing, played);
  const hasAll = openCount(state) === state.recordsOwed;
  const facts: ForecastFacts = {
    startMs: campaign.startMs,
    lines: campaign.lines,
    outcomeMs: forecast.outcomeMs,
    endMs: durationMs,
    end,
    away: hasAll ? summary.crms : summary.down.map(({ service }) => service),
    hasAll,
    recordsOwed: state.recordsOwed,
    busyShare: forecast.busyShare(hasAll),
    delays: forecast.delays,
    pace: { ...forecast.pace, perSecond: campaign.config.campaign.callsPerSecond },
    left: openCount(state) - state.recordsOwed,
    lateAnswers: [...lateAnswers.values()].reduce((sum, count) => sum + count, 0),
    ...prices,
    told,
    hasChannels: campaign.channels === undefined || campaign.channels.length > 0,
    cost: costOf(campaign, played),
  };
  if (options.json === true) {
    const document = {
      seed: options.seed,
      ...runDocument(showing, played),
      forecast: forecastDocument(facts),
    };
    world.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  }
  write(summaryText(summary, paint));
  write(forecastText(facts, paint, columns));
}

/** Undefined where no price is written. */
function costOf({ config }: SimulatedCampaign, { usage }: Played): ForecastFacts['cost'] {
  const document = costDocument(config, usage);
  return document && { text: campaignCostText(config, usage, 'by estimated usage'), document };
}

/** The exit code that the simulated run would have ended with. */
function simulatedCode(end: RunEnd, { state }: Played): number {
  return openCount(state) === 0 || end === 'done' ? EXIT.ok : EXIT.unfinished;
}

function runDocument({ campaign, tally }: Showing, played: Played): RunDocument {
  const { state, guards, durationMs, end } = played;
  return {
    campaign: campaign.name,
    started_at: isoTime(campaign.startMs),
    finished_at: isoTime(campaign.startMs + durationMs),
    duration_ms: Math.round(durationMs),
    contacts: { ...state.contacts, rejected: campaign.rejected },
    outcomes: Object.fromEntries(state.outcomes),
    ...answersDocument(state),
    services: serviceDocuments(tally, guards),
    alerts: { ...tally.alerts },
    exit_code: simulatedCode(end, played),
  };
}

function summaryFacts(
  { campaign, tally }: Showing,
  { state, end, durationMs, guards }: Played,
): SummaryFacts {
  const { name, chains } = campaign;
  return {
    ...state,
    campaign: name,
    end: openCount(state) === 0 ? 'done' : end,
    durationMs,
    tally,
    down: servicesDown(guards),
    services: servicesInUse(campaign.config.services),
    rings: chains.dialer.some((dialer) => dialer !== 'preview'),
    dialers: chains.dialer,
    crms: chains.crm,
    places: [],
    again: undefined,
    settle: undefined,
    timeText: (wallMs) => timeText(wallMs, campaign.startMs),
  };
}
