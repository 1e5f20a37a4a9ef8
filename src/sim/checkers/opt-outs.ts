/**
 * What is promised to those who press the key for "never again", in whatever campaign.
 */
import type { Checker, Seen, Violation } from '../check.ts';
import { OPT_OUT_KEY } from '../keys.ts';
import { type Exchange, evidenceOf, type Life, type Mark, type Of } from './evidence.ts';

type Found = Omit<Violation, 'checker'>;

export const OPTED_OUT: Checker = {
  name: 'opted out',
  promise:
    'Whoever asked not to be called is not rung after the moment at which the vendor told us, by ' +
    'no campaign and no life; and nobody is refused for that who did not ask.',
  check: (seen) => {
    if (!seen.log.some((one) => isRefused(one) || 'digit' in one)) return [];
    const { exchanges } = evidenceOf(seen);
    const phones = phonesOf(seen);
    const asking = exchanges.filter(({ sight, answer, end }) => {
      return sight.method === 'follow' && answer?.digit === OPT_OUT_KEY && end?.type === 'answered';
    });
    const pressed = pressedIn(seen);
    const calls = [...asking.map(({ sight }) => sight.call), ...pressed.map(({ call }) => call)];
    if (calls.length === 0) return refusedUnasked(seen, new Set());
    const asked = new Set(calls.map((call) => phones.get(call ?? '') ?? ''));
    const known = knownSince(seen, asking, pressed, phones);
    return [...rungAgain(seen, exchanges, known), ...refusedUnasked(seen, asked)];
  },
};

/** By call: the number that was rung. */
function phonesOf({ log }: Seen): ReadonlyMap<string, string> {
  return new Map(log.flatMap((one) => (one.type === 'rang' ? [[one.call, one.phone]] : [])));
}

/** By number: since when the program must know, in all its lives to come. */
function knownSince(
  seen: Seen,
  asking: readonly Exchange[],
  pressed: readonly Pressed[],
  phones: ReadonlyMap<string, string>,
): ReadonlyMap<string, Mark> {
  const known = new Map<string, Mark>();
  const note = (call: string | undefined, since: Mark | undefined): void => {
    const phone = phones.get(call ?? '');
    if (phone === undefined || since === undefined) return;
    const before = known.get(phone);
    if (before === undefined || since.index < before.index) known.set(phone, since);
  };
  for (const one of asking) {
    note(one.sight.call, one.end && lastingSince(seen, one, one.end));
  }
  // Told while the call went on: at once for good, unless a kill came upon it.
  for (const one of pressed) {
    if (outlived(one.life, one)) note(one.call, one);
  }
  return known;
}

/** The key to opt out, told while the call went on. */
type Pressed = Mark & { readonly call: string; readonly life: Life };

function pressedIn(seen: Seen): readonly Pressed[] {
  const lives = new Map(evidenceOf(seen).lives.map((life) => [life.run, life]));
  return seen.log.flatMap((sight, index) => {
    if (sight.type !== 'key' || sight.digit !== OPT_OUT_KEY) return [];
    const life = lives.get(sight.run);
    return life === undefined ? [] : [{ index, atMs: sight.atMs, call: sight.call, life }];
  });
}

/**
 * A life that is killed at the very moment at which it was told may have had no time to write it
 * down; then it has not written down either how the call ended, and asks once more.
 */
function lastingSince(seen: Seen, { sight, life }: Exchange, told: Mark): Mark | undefined {
  const { log } = seen;
  if (outlived(life, told)) return told;
  const at = log.findIndex((one, index) => {
    if (index <= told.index) return false;
    if (one.type === 'request') return one.method === 'record' && one.call === sight.call;
    return (
      one.type === 'told' && one.event.type === 'call.finished' && one.event.call === sight.call
    );
  });
  const later = log[at];
  return later === undefined ? undefined : { index: at, atMs: later.atMs };
}

function outlived({ over }: Life, { atMs }: Mark): boolean {
  return over === undefined || over.how !== 'killed' || over.atMs > atMs;
}

function rungAgain(
  { log }: Seen,
  exchanges: readonly Exchange[],
  known: ReadonlyMap<string, Mark>,
): readonly Found[] {
  const placing = Map.groupBy(
    exchanges.filter(({ sight }) => sight.method === 'place'),
    ({ sight }) => sight.call ?? '',
  );
  return log.flatMap((sight, index) => {
    if (sight.type !== 'rang' || !sight.rings) return [];
    const since = known.get(sight.phone);
    // What had left by then could not be called back.
    const place = placing.get(sight.call)?.findLast((one) => one.index < index);
    if (since === undefined || place === undefined || place.atMs <= since.atMs) return [];
    const { contact, call, service, phone } = sight;
    const message =
      `${service} rings ${phone} for ${call} of ${contact}, who asked at ${since.atMs} ms ` +
      'not to be called';
    return [{ atMs: sight.atMs, message }];
  });
}

/** Of one campaign alone, nothing is known of what was asked in another. */
function refusedUnasked(seen: Seen, asked: ReadonlySet<string>): readonly Found[] {
  if (seen.promised.sharedPhones !== undefined) return [];
  const numbers = new Map(seen.promised.contacts.map(({ id, phone }) => [id, phone]));
  const isEdited = new Set(
    seen.log.flatMap((one) => {
      return one.type === 'corrected' || one.type === 'returned' ? [one.contact] : [];
    }),
  );
  return seen.log.flatMap((sight) => {
    if (!isRefused(sight)) return [];
    const { contact } = sight.event;
    const phone = numbers.get(contact) ?? '';
    if (isEdited.has(contact) || asked.has(phone)) return [];
    const message = `${contact} is refused as somebody who asked not to be called, and did not`;
    return [{ atMs: sight.atMs, message }];
  });
}

type Refused = Of<'told'> & {
  readonly event: { readonly type: 'call.finished'; readonly contact: string };
};

function isRefused(sight: Seen['log'][number]): sight is Refused {
  return (
    sight.type === 'told' &&
    sight.event.type === 'call.finished' &&
    sight.event.code === 'opted_out'
  );
}
