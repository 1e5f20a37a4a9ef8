/**
 * One run of one campaign from the lock to the last commit.
 */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Contact } from '../domain/contact.ts';
import type { CampaignEvent, ContactCounts, RunEnd } from '../domain/event.ts';
import { DiskFailure } from '../domain/failure.ts';
import { serviceKey } from '../domain/service-key.ts';
import { paidFor, Spending } from '../domain/spending.ts';
import { counted, listed } from '../domain/text.ts';
import { Alerter, foundBreaker } from '../engine/alerter.ts';
import { EventStream } from '../engine/event-stream.ts';
import type { Guard } from '../engine/guard.ts';
import type { ProbeListener } from '../engine/health-checker.ts';
import { HostWatch } from '../engine/host-watch.ts';
import type { AlertChannel, Emit, Http, Journal } from '../engine/ports.ts';
import type { RunPolicy, RunSignals } from '../engine/runner.ts';
import { Stopped } from '../engine/stopped.ts';
import { type ImportTally, importList } from '../intake/import-list.ts';
import { listFile } from '../intake/list-source.ts';
import { audioFiles } from '../services/audio-files.ts';
import type { ResultsLedger } from '../services/crm/csv.ts';
import { openHttp } from '../services/http.ts';
import { acquireRunLock } from '../store/lock.ts';
import { openStore, type Store } from '../store/sqlite.ts';
import { openReports, type Reports } from '../store/sqlite-reports.ts';
import { explainedLate, StoreError } from '../store/store-error.ts';
import { downText } from './breaker-text.ts';
import { readOutcomes } from './campaign-state.ts';
import { checkScripts } from './check-speech.ts';
import { composeEngine, scriptInForce } from './compose.ts';
import { composeChannels } from './compose-channels.ts';
import { composeServices, type Services } from './compose-services.ts';
import { withSheet } from './compose-sheets.ts';
import { configNotices } from './config-notices.ts';
import { noteConnection } from './cut-off.ts';
import { CommandFailure, EXIT, explain } from './exit.ts';
import type { CampaignFolders } from './folders.ts';
import { ListBlanks } from './list-blanks.ts';
import { type ListParts, listNotices, refuseOtherList } from './list-standing.ts';
import { resultsCall } from './results-call.ts';
import { NOT_WATCHED, type Watched } from './run-watch.ts';
import { SamplingSink } from './sampling-sink.ts';
import type { Config } from './settings.ts';
import { USER_AGENT } from './version.ts';
import { folderProblem } from './writable.ts';

export interface SessionParts extends ListParts {
  readonly config: Config;
  readonly folders: CampaignFolders;
  readonly policy: RunPolicy;
  readonly events: EventStream;
  readonly signals: RunSignals;
}

/** What a run leaves to be told. */
export interface SessionResult {
  readonly end: RunEnd;
  readonly imported: ImportTally;
  readonly services: Services;
  readonly guards: readonly Guard[];
}

/** Throws what ends a command: see `cli/exit.ts`. */
export async function workCampaign(parts: SessionParts): Promise<SessionResult> {
  const { world, config, campaign, events } = parts;
  await refuseUnreadable(parts);
  await refuseUnwritable(parts);
  // Taken first and let go last: what the store still flushes when it is closed is under the lock.
  using _lock = takeLock(parts);
  using store = openStore({ path: config.store.path, defer: world.defer });
  using reports = openReports({ path: config.store.path });
  refuseOtherList(parts, reports);
  const journal = store.journal(campaign);
  journal.recover(world.clock.wallMs());
  const found = journal.counts();
  const { pid, host, clock } = world;
  const run = store.startRun({ campaign, pid, host, startedMs: clock.wallMs() });
  const startMs = clock.monotonicMs();
  await using owned = new AsyncDisposableStack();
  const http = owned.use(openHttp({ userAgent: USER_AGENT, clock }));
  const channels = composeChannels(config.alerts, http, clock, owned);
  await using alerter = listenAlerts(parts, store, reports, channels);
  await using watched = await watch(parts, journal);
  try {
    const result = await work({ ...parts, watched }, store, reports, alerter, http);
    store.endRun(run, clock.wallMs(), result.end);
    return result;
  } catch (error) {
    if (error instanceof Stopped) {
      store.endRun(run, clock.wallMs(), 'stopped');
      throw stoppedEarly(parts);
    }
    tellBreak(error, events.emit, countsOr(journal, found), clock.monotonicMs() - startMs);
    throw error;
  }
}

function tellRewritten(count: number, emit: Emit): void {
  if (count === 0) return;
  const message =
    'config.yml has another script, or campaign.language, than at the last run: what was ' +
    `prepared for ${counted(count, 'contact')} not called yet is written and spoken anew`;
  emit({ type: 'notice', level: 'warn', code: 'script_changed', message });
}

/** From before the list is read: that may take long, and it is then that somebody looks. */
async function watch(parts: SessionParts, journal: Pick<Journal, 'counts'>): Promise<Watched> {
  if (!parts.config.server.enabled) return NOT_WATCHED;
  const { openRunServer } = await import('./run-server.ts');
  return await openRunServer({ ...parts, journal });
}

/** Over the whole run, so that also what breaks it off is heard. */
function listenAlerts(
  { world, config, campaign, policy, events }: SessionParts,
  store: Store,
  reports: Reports,
  channels: readonly AlertChannel[],
): Alerter {
  const { clock, random } = world;
  const alerter = new Alerter({
    campaign,
    channels,
    memory: store.alerts,
    clock,
    random,
    emit: events.emit,
    policies: config.alerts.policies,
    outageWaitMs: policy.outageWaitMs,
    figures: () => readOutcomes(reports, campaign),
  });
  events.listen('alerts', (event) => {
    alerter.take(event);
  });
  return alerter;
}

async function work(
  parts: SessionParts & { readonly watched: Watched },
  store: Store,
  reports: Reports,
  alerter: Alerter,
  http: Http,
): Promise<SessionResult> {
  const { world, config, campaign, folders, policy, events, signals, watched } = parts;
  const { clock, random } = world;
  const { emit } = events;
  const imported = await takeIn(parts, store, reports);
  await using owned = new AsyncDisposableStack();
  const ledger = ledgerOf(reports, campaign);
  const leftOut = ({ message }: Error): void => {
    const text = `${message}. This run goes on without it`;
    emit({ type: 'notice', level: 'warn', code: 'service_left_out', message: text });
  };
  events.listen('failures', (event) => {
    noteForReport(store, campaign, event, clock.wallMs());
    noteConnection(store, campaign, event, clock.wallMs());
  });
  const composed = await composeServices(
    { config, http, clock, emit, folders, ledger, owned, signal: signals.stop },
    leftOut,
  );
  const services = watched.services(composed);
  const { runner, guards, health } = composeEngine({
    campaign,
    config,
    policy,
    purse: watchSpending(parts, store, reports),
    services,
    audio: audioFiles(folders.audio, random),
    journal: withSheet(store.journal(campaign), {
      campaign,
      sheets: config.sheets,
      rows: (name) => store.rows(name),
      owed: () => reports.rowsOwedByCampaign(),
      http,
      clock,
      random,
      events,
      stop: signals.stop,
      owned,
    }),
    breakers: store.breakers,
    clock,
    random,
    emit,
    probed: checksTo(watched, alerter),
  });
  watched.guards(guards);
  alerter.reconcile(guards.map(foundBreaker));
  if (hasWork(campaign, store, reports)) {
    tellSettings(config, emit);
    tellHeld(guards, clock.wallMs(), emit);
  }
  const host = hostWatch(parts, alerter);
  health.start();
  host.start();
  try {
    const end = await runner.run(signals);
    return { end, imported, services, guards };
  } finally {
    host.stop();
    health.stop();
  }
}

function hostWatch({ world, config }: SessionParts, alerter: Alerter): HostWatch {
  return new HostWatch({
    reader: world.hostReader({ store: dirname(config.store.path), output: config.output.folder }),
    clock: world.clock,
    take: (figures) => alerter.takeHost(figures),
  });
}

function ledgerOf(reports: Reports, campaign: string): ResultsLedger {
  return {
    bytes: () => reports.resultsBytes(campaign),
    hasOpenRecords: () => reports.hasOpenRecords(campaign),
    *recorded() {
      for (const call of reports.calls(campaign, { recorded: true })) {
        yield resultsCall(campaign, call);
      }
    },
  };
}

function tellSettings(config: Config, emit: Emit): void {
  for (const { code, message } of configNotices(config)) {
    emit({ type: 'notice', level: 'warn', code, message });
  }
}

function hasWork(campaign: string, store: Store, reports: Reports): boolean {
  const { queued, put_off: putOff, calling } = store.journal(campaign).counts();
  return queued + putOff + calling > 0 || reports.hasOpenRecords(campaign);
}

/**
 * What an earlier run found broken is left alone by this one until its time has come, also where
 * the cause is mended and `check --online` finds all well. It must not look like a run that hangs.
 */
function tellHeld(guards: readonly Guard[], wallMs: number, emit: Emit): void {
  for (const guard of guards) {
    const { state, sinceMs, retryAfterMs: waitMs, cause } = guard.status();
    if (cause === undefined) continue;
    const down = {
      service: serviceKey(guards, guard),
      sinceMs: state === 'closed' ? undefined : sinceMs,
      waitMs,
      reason: cause.message,
    };
    const message =
      `found by an earlier run: ${downText(down, 'now', wallMs)}. Where the cause is mended, ` +
      'there is nothing else to do';
    emit({ type: 'notice', level: 'warn', code: 'held_since', message });
  }
}

/** Keeps what services are paid for, and holds it against the budget. */
function watchSpending(parts: SessionParts, store: Store, reports: Reports): Spending {
  const { config, campaign, events } = parts;
  const { budgetMicros, currency } = config.campaign;
  const limits = { budgetMicros, currency, prices: config.prices };
  const spending = new Spending(limits, reports.usage(campaign));
  const warn = (message: string): void => {
    if (budgetMicros === undefined) return;
    events.emit({ type: 'notice', level: 'warn', code: 'budget_incomplete', message });
  };
  const { unpriced } = spending.cost;
  if (unpriced.length > 0) {
    warn(
      `earlier runs used ${listed(unpriced)}, of which no price is written any more: ` +
        'campaign.budget does not count what that cost',
    );
  }
  events.listen('usage', (event) => {
    const paid = paidFor(event);
    if (paid !== undefined) store.noteUsage({ campaign, ...paid });
    const silent = spending.take(event);
    if (silent !== undefined) {
      warn(
        `${silent.service} does not say how much it is paid for: campaign.budget cannot count it`,
      );
    }
  });
  return spending;
}

/** What the report tells of services, also when the run is long over. */
function noteForReport(store: Store, campaign: string, event: CampaignEvent, atMs: number): void {
  if (event.type === 'attempt.failed') {
    const { contact, call, step, service, role, kind, code, status, message } = event;
    const about = { campaign, contact, call, step, service, role };
    store.noteFailure({ ...about, kind, code, status, message, atMs });
  }
  if (event.type === 'fallback.used') {
    const { service, role, instead, reason } = event;
    store.noteFallback({ campaign, service, role, instead, reason, atMs });
  }
}

async function takeIn(parts: SessionParts, store: Store, reports: Reports): Promise<ImportTally> {
  const { world, config, campaign, folders, list, events, signals } = parts;
  const { sameNumber, defaultCountry } = config.campaign;
  const path = resolve(world.folder, list);
  await tellLargeList(path, list, events.emit);
  const blanks = new ListBlanks(config);
  const sink = new SamplingSink(store.contacts(campaign, { sameNumber }), (contact) => {
    blanks.take(contact);
  });
  const imported = await importList({
    list: listFile(path, list),
    sink,
    rejectsFile: folders.rejected,
    defaultCountry,
    sameNumber,
    emit: events.emit,
    signal: signals.drain,
  });
  const { rows, rejected } = imported;
  store.noteList({ campaign, path, atMs: world.clock.wallMs(), rows, rejected });
  for (const { code, message } of listNotices(parts, config, reports)) {
    events.emit({ type: 'notice', level: 'warn', code, message });
  }
  const { queued, put_off: putOff } = store.journal(campaign).counts();
  if (queued + putOff > 0) {
    await checkScript(config, sink.sample, events.emit);
    for (const message of blanks.notices()) {
      events.emit({ type: 'notice', level: 'warn', code: 'blank_cells', message });
    }
  }
  // Not before: a script that is refused must not cost what was prepared by the one before it.
  tellRewritten(store.journal(campaign).writeBy(scriptInForce(config)), events.emit);
  return imported;
}

/** A column spelt wrong in the template must not use up the whole list. */
async function checkScript(config: Config, sample: readonly Contact[], emit: Emit): Promise<void> {
  const { problems, notices } = await checkScripts(config, sample);
  for (const message of notices) {
    emit({ type: 'notice', level: 'warn', code: 'script_fails', message });
  }
  const [problem] = problems;
  if (problem !== undefined) {
    throw new CommandFailure(
      problem.code,
      problem.text,
      'Nobody was called. Mend script.template or script.prompt in config.yml, ' +
        'or the header of the list.',
    );
  }
}

function takeLock({ config, campaign }: SessionParts): Disposable {
  const lock = acquireRunLock({ store: config.store.path, campaign });
  if (lock !== 'held') {
    return lock;
  }
  throw new CommandFailure(
    EXIT.running,
    `the campaign ${campaign} is already running${holderText(config.store.path, campaign)}`,
    'Nothing was done. Wait for that run to end, or stop it: it lets its calls end first.',
  );
}

/** Since when and by whom; nothing where the other run is only just beginning. */
function holderText(path: string, campaign: string): string {
  if (!existsSync(path)) {
    return '';
  }
  using reports = openReports({ path });
  const holder = reports.lastRun(campaign);
  return holder === undefined || holder.endedMs !== undefined
    ? ''
    : `, since ${new Date(holder.startedMs).toISOString()} ` +
        `(process ${holder.pid} on ${holder.host})`;
}

/** Reading so much takes some seconds, in which nothing else can be seen. */
const LARGE_LIST_BYTES = 10 * 1024 * 1024;

async function tellLargeList(path: string, list: string, emit: Emit): Promise<void> {
  const { size } = await stat(path);
  if (size >= LARGE_LIST_BYTES) {
    const message = `reading ${list}, ${Math.round(size / 1024 / 1024)} MB`;
    emit({ type: 'notice', level: 'info', code: 'reading', message });
  }
}

/** A name typed wrong must not leave a campaign behind; a pipe could not be read again. */
async function refuseUnreadable({ world, list }: SessionParts): Promise<void> {
  const what = await stat(resolve(world.folder, list)).catch(() => undefined);
  if (what !== undefined && !what.isFile() && !what.isDirectory()) {
    throw new CommandFailure(
      EXIT.noInput,
      `${list}: found a pipe or a device, allowed: a file`,
      'Write it to a file first: a list is read again by every run.',
    );
  }
  for await (const _chunk of listFile(resolve(world.folder, list), list).open()) {
    return;
  }
}

/** Known before anybody is called, and in better words than the first file's failure has. */
async function refuseUnwritable({ folders }: SessionParts): Promise<void> {
  const problem = await folderProblem(folders.output);
  if (problem !== undefined) {
    throw new CommandFailure(
      EXIT.io,
      `output.folder: ${problem}`,
      'Nobody was called. Mend output.folder in config.yml, or what lies there.',
    );
  }
}

/** Ctrl-C while the list was being read, or a service was being started. */
function stoppedEarly({ events, list }: SessionParts): CommandFailure {
  const message = `stopped before ${list} was read to its end; nobody was called`;
  events.emit({ type: 'notice', level: 'warn', code: 'stopped_early', message });
  return new CommandFailure(EXIT.unfinished, message, 'Run again to go on.');
}

/** As they are now; as the run found them where the database cannot be read any more. */
function countsOr(journal: Pick<Journal, 'counts'>, found: ContactCounts): ContactCounts {
  try {
    return journal.counts();
  } catch {
    return found; // what broke first is what is told
  }
}

/** The last line of the log of a run that broke off. What was refused at the door is no run. */
function tellBreak(error: unknown, emit: Emit, contacts: ContactCounts, durationMs: number): void {
  const end = breakOf(error);
  if (end === undefined) return;
  const reason = error instanceof Error ? error.message : String(error);
  emit({ type: 'run.finished', end, contacts, durationMs, reason });
}

function breakOf(error: unknown): RunEnd | undefined {
  const { code } = explain(error);
  if (code === EXIT.bug) return 'program_failed';
  const isStore = error instanceof StoreError || explainedLate(error) !== undefined;
  return error instanceof DiskFailure || (isStore && code === EXIT.io) ? 'disk_failed' : undefined;
}

/** Health checks are heard by whoever watches, and by the alerts. */
function checksTo(watched: Watched, alerter: Alerter): ProbeListener {
  return (service, role, isGood, durationMs, error) => {
    watched.probed?.(service, role, isGood, durationMs);
    alerter.takeCheck(service, role, isGood, error);
  };
}
