/**
 * `campaign simulate`: the engine of `run` under virtual time, with services that fail as asked.
 */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { CampaignEvent, RunEnd } from '../../domain/event.ts';
import { RunTally } from '../../domain/tally.ts';
import { counted, listed, spanText } from '../../domain/text.ts';
import { ROLES, type Role } from '../../domain/words.ts';
import type { RunSignals } from '../../engine/runner.ts';
import { openAppLog } from '../../observers/app-log.ts';
import type { Outage } from '../../sim/outage.ts';
import { openCount } from '../campaign-state.ts';
import { CommandFailure, EXIT } from '../exit.ts';
import {
  type ForecastFacts,
  faultWords,
  forecastDocument,
  forecastText,
  type OutageCost,
  type OutagePrice,
  outageText,
  type Told,
} from '../forecast-text.ts';
import { type Paint, paintFor } from '../paint.ts';
import { isoTime, type RunDocument, serviceDocuments } from '../run-document.ts';
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
}

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
  const showing: Showing = { world, options, campaign, tally, told: [], write, paint };
  write(headerText(showing));
  using stop = stopSignals(world, (message) => {
    world.stderr.write(`  ${message}\n`);
  });
  const played = await playShown(showing, stop.signals);
  const costs = await costsOf(showing, played, stop.signals);
  tell(showing, played, costs);
  return stop.signals.drain.aborted ? EXIT.unfinished : EXIT.ok;
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
  const { world, options, campaign, tally, told, write, paint } = showing;
  const clock = virtualClock(world, campaign.startMs);
  const speed = options.speed ?? (options.realtime === true ? 1 : undefined);
  const timeline = new Timeline({
    write,
    wallMs: () => clock.wallMs(),
    paint,
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
      listen: (event) => {
        tally.take(event);
        log?.take(event);
        timeline.take(event);
      },
      onAlert: (alert) => {
        told.push({ wallMs: clock.wallMs(), ...alert });
        timeline.alert(alert);
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
function outageNews({ name, fault }: Outage, begins: boolean, others: readonly Outage[]): string {
  const who = name === 'all' ? 'every service' : name;
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

/** What each outage did: the same day once more, without it. */
async function costsOf(
  { world, options, campaign }: Showing,
  played: Played,
  signals: RunSignals,
): Promise<readonly OutageCost[]> {
  const costs: OutageCost[] = [];
  for (const outage of campaign.outages) {
    if (signals.drain.aborted) {
      costs.push({ outage, price: 'stopped' });
    } else if (outage.startMs >= (played.forecast.outcomeMs ?? Infinity)) {
      costs.push({ outage, price: 'late' });
    } else {
      const outages = campaign.outages.filter((other) => other !== outage);
      const clock = virtualClock(world, campaign.startMs);
      const day = { campaign, outages, seed: options.seed, signals };
      const without = await playCampaign(world, day, clock);
      const price = signals.drain.aborted ? 'stopped' : priceOf(outage, played, without);
      costs.push({ outage, price });
    }
  }
  return costs;
}

function priceOf({ places }: Outage, played: Played, without: Played): OutagePrice {
  const services = new Set(places.map(({ service }) => service));
  const sum = ({ forecast }: Played, of: 'putOff' | 'failedCalls' | 'fallbacks'): number =>
    forecast.delays
      .filter(({ service }) => services.has(service))
      .reduce((total, delays) => total + delays[of], 0);
  const more = (count: (of: Played) => number): number =>
    Math.max(0, count(played) - count(without));
  const [last, lastWithout] = [played.forecast.outcomeMs, without.forecast.outcomeMs];
  const isDone = played.end === 'done' && last !== undefined && lastWithout !== undefined;
  return {
    failedCalls: more((of) => sum(of, 'failedCalls')),
    putOff: more((of) => sum(of, 'putOff')),
    fallbacks: more((of) => sum(of, 'fallbacks')),
    lost: more(({ state }) => state.outcomes.get('failed') ?? 0),
    uncertain: more(({ state }) => state.outcomes.get('uncertain') ?? 0),
    lostMs: isDone ? Math.max(0, last - lastWithout) : undefined,
  };
}

// ---------------------------------------------------------------------------- telling

const ROLE_VERBS: Readonly<Record<Role, string>> = {
  llm: 'writes',
  tts: 'speaks',
  dialer: 'rings',
  crm: 'notes',
};

function headerText({ campaign, options, paint }: Showing): string {
  const { chains, lines, contacts, startMs, outages, notes, list, config } = campaign;
  const who =
    list === undefined
      ? counted(contacts.length, 'made-up contact')
      : `${counted(contacts.length, 'contact')} of ${list}`;
  const vendors = ROLES.map((role) => `${chains[role].join(' or ')} ${ROLE_VERBS[role]}`);
  const { retry, circuitBreaker } = config.generalPolicy;
  const waits = Array.from({ length: retry.maxRetries }, (_, index) =>
    spanText(Math.min(retry.maxDelayMs, retry.initialDelayMs * retry.backoffFactor ** index)),
  );
  const text = [
    `${paint('bold', 'Simulation')}, seed ${options.seed}: ${who} on ${counted(lines, 'line')}. ` +
      'Nobody is rung.',
    `  it begins on ${dayText(startMs)}`,
    `  ${vendors.join(', ')}`,
    `  a failed request is tried again after ${listed(waits)} ` +
      `(and up to ${Math.round(retry.jitter * 100)} % more);`,
    `  after ${counted(circuitBreaker.failureThreshold, 'failure')} in a row on one line its ` +
      `service is left alone for ${spanText(circuitBreaker.recoveryTimeoutMs)}`,
    ...outages.map((outage) => paint('yellow', `  ${outageText(outage, startMs)}`)),
    ...notes.map((note) => `  ${note}`),
  ];
  return `${text.join('\n')}\n\n`;
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

function tell(showing: Showing, played: Played, costs: readonly OutageCost[]): void {
  const { world, options, campaign, told, write, paint } = showing;
  const { forecast, state } = played;
  const facts: ForecastFacts = {
    startMs: campaign.startMs,
    lines: campaign.lines,
    outcomeMs: forecast.outcomeMs,
    isDone: openCount(state) === 0,
    busyShare: forecast.busyShare,
    delays: forecast.delays,
    costs,
    told,
  };
  if (options.json === true) {
    const document = {
      seed: options.seed,
      ...runDocument(showing, played),
      forecast: forecastDocument(facts),
    };
    world.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  }
  write(summaryText(summaryFacts(showing, played), paint));
  write(forecastText(facts, paint));
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
    rings: chains.dialer.some((dialer) => dialer !== 'preview'),
    dialers: chains.dialer,
    places: [],
    again: undefined,
    settle: undefined,
  };
}
