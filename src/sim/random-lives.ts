/**
 * Lives for the worlds of the bug hunt: how the program is started, killed and ordered about, and
 * what the operator does to the list between two starts.
 */
import type { Contact } from '../domain/contact.ts';
import type { Chance } from './chance.ts';
import type { Fuse } from './life.ts';
import type { ListEdit } from './list-edits.ts';
import type { LifeConfig } from './random-configs.ts';

const MINUTE_MS = 60_000;

/** One start of the program, and what is done to it. Times are milliseconds. */
export interface LifePlan extends Omit<LifeConfig, 'fuse'> {
  /** Between the end of the life before and this start. */
  readonly pauseMs: number;
  /** The moment at which it is killed; undefined for never. */
  readonly fuse: Fuse | undefined;
  /** From the start of this life; undefined for never. */
  readonly drainMs: number | undefined;
  readonly stopMs: number | undefined;
  /** The same while a request to place a call, the nth of this life, is under way. */
  readonly stopOnPlace: { readonly at: number; readonly laterMs: number } | undefined;
  readonly untilMs: number | undefined;
  readonly limit: number | undefined;
  /** Contacts whose rows are deleted from the list before this start. */
  readonly removed: readonly string[];
  /** Contacts whose numbers are corrected in the list before this start. */
  readonly corrected: readonly string[];
  /** What else is done to the list before this start. */
  readonly edits: readonly ListEdit[];
  /**
   * What becomes, before this start, of the rows of those who are uncertain. `doubled`: they get
   * another number and another row gets the same, also of those in hand.
   */
  readonly uncertain: 'kept' | 'deleted' | 'corrected' | 'renamed' | 'doubled';
  /**
   * What the operator says of those who are uncertain: what the phone really did, as far as
   * somebody was rung, or `again`.
   */
  readonly settles: 'nobody' | 'again' | 'as it was';
  /** When, from the start of this life; undefined for before it and before the list is changed. */
  readonly settlesMs: number | undefined;
  /**
   * What becomes, before this start, of the rows of those whom the life before had in hand when it
   * was killed. They are few, and chance alone would hardly ever meet one.
   */
  readonly inHand: 'kept' | 'deleted' | 'corrected';
  /** When the same campaign is started a second time, from this start; never, where left out. */
  readonly secondMs?: number | undefined;
  /** The folder with the audio is emptied before this start. */
  readonly losesAudio: boolean;
}

/** The operator does nothing between two starts. */
const LEFT_ALONE = {
  removed: [],
  corrected: [],
  edits: [],
  uncertain: 'kept',
  settles: 'nobody',
  settlesMs: undefined,
  inHand: 'kept',
  losesAudio: false,
} as const satisfies Partial<LifePlan>;

/** A start that nothing is done to. */
export const CALM: LifePlan = {
  pauseMs: 0,
  fuse: undefined,
  drainMs: undefined,
  stopMs: undefined,
  stopOnPlace: undefined,
  untilMs: undefined,
  limit: undefined,
  ...LEFT_ALONE,
};

/** About how often a call touches what is outside, with the health checks meanwhile. */
const MOMENTS_A_CONTACT = 25;
/** The first checks of the services leave, the first contacts are claimed. */
const MOMENTS_OF_A_START = 8;

/**
 * A request that is under way when the program is killed still has its audio: whoever empties the
 * folder under a call that is being placed makes dead air, and no program can help that.
 */
const IN_FLIGHT_MS_MAX = MINUTE_MS;

const UNCERTAIN = ['kept', 'deleted', 'corrected', 'renamed', 'doubled', 'doubled'] as const;

/** What happens in each start of the program, in order. At least `least` of them. */
export function randomLives(
  chance: Chance,
  contacts: readonly Contact[],
  horizonMs: number,
  least: number,
): readonly LifePlan[] {
  const left = contacts.map(({ id }) => id);
  const count = Math.max(least, chance.pick([1, 2, 2, 3, 3, 4, 6], 'lives'));
  return Array.from({ length: count }, (_, life) => {
    const order = (share: number, what: string): number | undefined =>
      chance.of(share, what, life)
        ? chance.wholeByRatio(100, 1.5 * horizonMs, what, 'at', life)
        : undefined;
    const losesAudio = life > 0 && chance.of(0.2, 'audio', life);
    const pauseMs = chance.of(0.65, 'pause', life)
      ? 0
      : chance.wholeByRatio(100, 20 * MINUTE_MS, 'pause length', life);
    const stopMs = order(0.08, 'stop');
    const stopOnPlace = chance.of(0.12, 'stop on place', life)
      ? {
          at: chance.wholeByRatio(1, contacts.length, 'stop on place', 'at', life),
          laterMs: chance.whole(1, 600, 'stop on place', 'later', life),
        }
      : undefined;
    const isStopped = stopMs !== undefined || stopOnPlace !== undefined;
    return {
      pauseMs: losesAudio ? Math.max(pauseMs, IN_FLIGHT_MS_MAX) : pauseMs,
      fuse:
        isStopped && chance.of(0.3, 'kill at a stop', life)
          ? { at: 1, kind: 'hangUp' }
          : chance.of(0.7, 'kill', life)
            ? randomFuse(chance, contacts.length, life)
            : undefined,
      drainMs: order(0.12, 'drain'),
      stopMs,
      stopOnPlace,
      untilMs: order(0.08, 'until'),
      limit: chance.of(0.08, 'limit', life)
        ? chance.whole(1, contacts.length, 'limit', 'at', life)
        : undefined,
      removed: life > 0 && chance.of(0.2, 'remove', life) ? takeRows(chance, left, life) : [],
      corrected: chance.of(0.15, 'correct', life) ? [chance.pick(left, 'corrected', life)] : [],
      edits: life > 0 && chance.of(0.4, 'edit', life) ? randomEdits(chance, contacts, life) : [],
      uncertain: chance.pick(UNCERTAIN, 'uncertain', life),
      settles: chance.pick(['nobody', 'again', 'again', 'as it was'], 'settles', life),
      settlesMs: order(0.5, 'settle'),
      inHand: chance.pick(['kept', 'deleted', 'corrected'], 'in hand', life),
      losesAudio,
      secondMs: order(0.2, 'second start'),
    };
  });
}

function randomEdits(
  chance: Chance,
  contacts: readonly Contact[],
  life: number,
): readonly ListEdit[] {
  const ids = contacts.map(({ id }) => id);
  return Array.from({ length: chance.whole(1, 4, 'edits', life) }, (_, nth): ListEdit => {
    const contact = chance.pick(ids, 'edited', life, nth);
    const other = chance.pick(ids, 'edited like', life, nth);
    const renumber = chance.of(0.5, 'renumber', life, nth);
    const edits: readonly ListEdit[] = [
      { type: 'swap', contact, other },
      { type: 'take', contact, other },
      { type: 'take_former', contact, other },
      { type: 'rename', contact, renumber },
      { type: 'return', contact },
    ];
    return chance.pick(edits, 'edit', life, nth);
  });
}

/** What is done to the first list is not done in a life of the other campaign. */
export function withConfig(plan: LifePlan, config: LifeConfig): LifePlan {
  // Two starts beside it would be one too many.
  if (config.beside !== undefined) return { ...plan, ...config, secondMs: undefined };
  if (config.isOther !== true) return { ...plan, ...config };
  return { ...plan, ...config, ...LEFT_ALONE };
}

/** Kinds of moments that are rare among all, and what comes of them is not. */
const KINDS: readonly { readonly kind: string; readonly perContact: number }[] = [
  { kind: 'before a commit', perContact: 8 },
  { kind: 'after a commit', perContact: 8 },
  { kind: 'place', perContact: 2 },
  { kind: 'place answered', perContact: 1 },
  { kind: 'find', perContact: 0.2 },
  { kind: 'follow', perContact: 2 },
  { kind: 'record', perContact: 2 },
  { kind: 'write', perContact: 2 },
  { kind: 'speak', perContact: 2 },
  { kind: 'lookup', perContact: 2 },
  { kind: 'probe', perContact: 1 },
  { kind: 'audio', perContact: 1 },
  { kind: 'a timer', perContact: 2 },
];

/** At any moment, at one of a kind, early, when every line is at work, or with the first alert. */
function randomFuse(chance: Chance, contacts: number, life: number): Fuse {
  const mostOfAny = MOMENTS_A_CONTACT * contacts + MOMENTS_OF_A_START;
  if (chance.of(0.06, 'fuse', 'at an alert', life)) {
    const later = chance.pick([1, 1, 2, 3, 5], 'fuse', 'after an alert', life);
    return { at: 1, kind: 'an alert leaves', later };
  }
  // Told while a call goes on: it must be known from then on.
  if (chance.of(0.05, 'fuse', 'at a key', life)) {
    const later = chance.pick([0, 0, 1, 2, 3, 5], 'fuse', 'after a key', life);
    return { at: 1, kind: 'a key is told', later };
  }
  switch (chance.pick(['any', 'kind', 'kind', 'kind', 'early', 'dial'], 'fuse', life)) {
    case 'early':
      return { at: chance.wholeByRatio(MOMENTS_OF_A_START, mostOfAny, 'fuse', 'early', life) };
    case 'kind': {
      const { kind, perContact } = chance.pick(KINDS, 'fuse', 'kind', life);
      const most = Math.ceil(perContact * contacts);
      const at = chance.wholeByRatio(1, most, 'fuse', 'at', life);
      return { at, kind, later: chance.pick([0, 0, 1, 1, 2, 3, 5], 'fuse', 'later', life) };
    }
    // A call that may have been placed, for all that the next life knows, and never was.
    case 'dial':
      return { at: chance.wholeByRatio(1, contacts, 'fuse', 'dial', life), kind: 'place leaves' };
    default:
      return { at: chance.whole(1, mostOfAny, 'fuse', 'anywhere', life) };
  }
}

/** One row or two; a list without rows is none. */
function takeRows(chance: Chance, left: string[], life: number): readonly string[] {
  const taken: string[] = [];
  for (let more = chance.whole(1, 2, 'rows', life); more > 0 && left.length > 1; more -= 1) {
    const at = chance.whole(0, left.length - 1, 'row', life, more);
    taken.push(...left.splice(at, 1));
  }
  return taken;
}
