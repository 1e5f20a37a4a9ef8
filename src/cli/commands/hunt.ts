/**
 * `campaign simulate --hunt`: random worlds with every kind of bad luck, kills among it, in which
 * every promise of the program has to be kept.
 */
import { counted } from '../../domain/text.ts';
import { CHECKERS } from '../../sim/checkers.ts';
import { commandFor, type Hunted, type HuntReport, hunt, storyOf } from '../../sim/hunt.ts';
import { memoryDisk } from '../../sim/hunt-disk.ts';
import { CommandFailure, EXIT } from '../exit.ts';
import { type Paint, paintFor } from '../paint.ts';
import { worldComposer } from '../simulated-engine.ts';
import { virtualTurns } from '../simulated-run.ts';
import { sqliteDisk } from '../sqlite-disk.ts';
import { stopSignals } from '../stop-signals.ts';
import type { World } from '../world.ts';

export interface HuntOptions {
  readonly hunt?: boolean;
  /** The first seed. */
  readonly seed: number;
  /** How many; the seeds follow one another. */
  readonly seeds?: number;
  /** Of `simulate`, and nothing for a hunt, as what `OWN` names. */
  readonly outage?: readonly string[];
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color: boolean;
}

/** Every so many seeds the second play is on the store of a real run: its commits cost the time. */
const SEEDS_PER_DISK = 10;
/** Between two lines on how far it is, in milliseconds. */
const PROGRESS_EVERY_MS = 10_000;
/** Seeds that fail are looked into one by one. */
const FAILURES_MAX = 3;

/** What a seed has met, added up. */
interface Travels {
  contacts: number;
  lives: number;
  kills: number;
}

/** What a simulation is told, and a hunt decides. */
const OWN = ['config', 'contacts', 'lines', 'start', 'log', 'realtime', 'speed'] as const;

/** How many worlds are played where nobody says. */
const SEEDS = 100;

export async function runHunt(
  world: World,
  list: string | undefined,
  options: HuntOptions & Readonly<Partial<Record<(typeof OWN)[number], unknown>>>,
): Promise<number> {
  const given = [
    ...(list === undefined ? [] : [`a list (${list})`]),
    ...((options.outage ?? []).length > 0 ? ['--outage'] : []),
    ...OWN.filter((name) => options[name] !== undefined).map((name) => `--${name}`),
  ];
  if (given[0] !== undefined) {
    throw new CommandFailure(
      EXIT.usage,
      `--hunt and ${given[0]}: a hunt makes its own lists, settings and outages`,
      'Leave one of them out.',
    );
  }
  const { seed, seeds = SEEDS, json, quiet } = options;
  const travels: Travels = { contacts: 0, lives: 0, kills: 0 };
  let isWanted = true;
  using _stop = stopSignals(world, () => {
    isWanted = false;
  });
  let toldMs = world.clock.monotonicMs();
  const report = await hunt(
    following(seed, seeds, () => isWanted),
    FAILURES_MAX,
    {
      make: worldComposer(),
      disks: (one) => [memoryDisk, one % SEEDS_PER_DISK === 0 ? sqliteDisk : memoryDisk],
      defer: virtualTurns(world),
    },
    (hunted) => {
      travel(travels, hunted);
      const nowMs = world.clock.monotonicMs();
      if (quiet === true || nowMs - toldMs < PROGRESS_EVERY_MS) return;
      toldMs = nowMs;
      world.stderr.write(`  seed ${hunted.seed}, ${hunted.seed - seed + 1} of ${seeds}\n`);
    },
  );
  if (json === true) {
    world.stdout.write(`${JSON.stringify(huntDocument(options, report, travels), null, 2)}\n`);
  }
  const output = json === true ? world.stderr : world.stdout;
  if (quiet !== true || report.failures.length > 0) {
    output.write(huntText(options, report, travels, paintFor(output, world, options.color)));
  }
  return report.failures.length > 0 ? EXIT.bug : isWanted ? EXIT.ok : EXIT.unfinished;
}

function* following(first: number, count: number, isWanted: () => boolean): Generator<number> {
  for (let seed = first; seed < first + count && isWanted(); seed += 1) {
    yield seed;
  }
}

function travel(travels: Travels, { world, log }: Hunted): void {
  travels.contacts += world.contacts.length;
  travels.lives += log.at(-1)?.run ?? 0;
  travels.kills += log.filter(({ type }) => type === 'killed').length;
}

function huntText(
  { seed, seeds = SEEDS }: HuntOptions,
  { seeds: played, failures }: HuntReport,
  { contacts, lives, kills }: Travels,
  paint: Paint,
): string {
  const worlds =
    `${counted(played, 'world')} from seed ${seed} on, each played twice: ` +
    `${counted(contacts, 'contact')}, ${counted(lives, 'run')}, ${counted(kills, 'kill')}`;
  if (failures.length === 0) {
    const left = played < seeds ? `\n  Stopped before the other ${seeds - played}.` : '';
    return `${worlds}.\n  ${paint('green', 'Every promise was kept.')}${left}\n`;
  }
  return `${worlds}.\n\n${failures.map((one) => failureText(one, paint)).join('\n')}`;
}

/** Broken promises that are told of one seed; the first has often brought about the rest. */
const BROKEN_MAX = 5;

function failureText(hunted: Hunted, paint: Paint): string {
  const { seed, violations } = hunted;
  const broken = violations
    .slice(0, BROKEN_MAX)
    .flatMap(({ checker, message, atMs }) => [
      `  ${paint('red', checker)}: ${promiseOf(checker)}`,
      `    after ${(atMs / 1_000).toFixed(3)} s: ${message}`,
    ]);
  const more = violations.length - BROKEN_MAX;
  return [
    paint('bold', `Seed ${seed} breaks ${counted(violations.length, 'promise')}:`),
    ...broken,
    ...(more > 0 ? [`  and ${more} more`] : []),
    '  What was seen until the first:',
    ...storyOf(hunted).map((line) => `    ${line}`),
    `  Again: ${commandFor(seed)}`,
    '',
  ].join('\n');
}

/** In the words of the checker; some things no checker has to look for. */
function promiseOf(checker: string): string {
  return CHECKERS.find(({ name }) => name === checker)?.promise ?? 'it must not happen';
}

function huntDocument(
  { seed }: HuntOptions,
  { seeds, failures, met }: HuntReport,
  travels: Travels,
) {
  return {
    seed,
    worlds: seeds,
    ...travels,
    failures: failures.map((hunted) => ({
      seed: hunted.seed,
      digest: hunted.digest,
      broken: hunted.violations.map(({ checker, atMs, message }) => ({
        promise: checker,
        at_ms: atMs,
        message,
      })),
      story: storyOf(hunted),
      again: commandFor(hunted.seed),
    })),
    met: Object.fromEntries([...met].toSorted(([one], [other]) => (one < other ? -1 : 1))),
  };
}
