/**
 * What is promised to whoever pays, and to whoever is woken.
 */
import type { Checker, Seen, Violation } from '../check.ts';
import { type Exchange, evidenceOf, type Mark, type Of, ROUNDING_MS, toldOf } from './evidence.ts';
import { renamings } from './lists.ts';

type Found = Omit<Violation, 'checker'>;

export const PAID_ONCE: Checker = {
  name: 'paid once',
  promise: 'No finished text or speech is paid for twice, but for one that a kill came upon.',
  check: (seen) => {
    const { exchanges } = evidenceOf(seen);
    const made = exchanges.filter(
      ({ sight, end }) => PAID.has(sight.method) && end?.type === 'answered',
    );
    const deleted = seen.log.flatMap(({ type }, index) =>
      type === 'audio_deleted' ? [index] : [],
    );
    const renamed = renamings(seen);
    // Another name in the list needs another text.
    const wordsFor = (contact: string, index: number): string => {
      const times = renamed.filter((one) => one.contact === contact && one.index < index).length;
      return times === 0 ? '' : `, renamed ${times} times,`;
    };
    // Speech that the operator deleted has to be bought again.
    const groups = Map.groupBy(made, ({ sight: { method, contact = '?' }, index }) => {
      const before = deleted.filter((at) => at < index).length;
      const words = wordsFor(contact, index);
      return method === 'speak' && before > 0
        ? `speak for ${contact}${words}, audio deleted ${before} times,`
        : `${method} for ${contact}${words}`;
    });
    return [...groups].flatMap(([what, its]) => {
      const lost = its.filter(isLost).length;
      if (its.length - lost <= 1) return [];
      const times = its.map(({ end }) => `${end?.atMs ?? 0} ms`).join(', ');
      return [
        { atMs: its.at(-1)?.atMs ?? 0, message: `${what} is paid ${its.length} times: ${times}` },
      ];
    });
  },
};

const PAID: ReadonlySet<string> = new Set(['write', 'speak']);

/** The answer was there, and the program was killed before that could be on disk. */
function isLost({ life, end }: Exchange): boolean {
  const { over } = life;
  return over?.how === 'killed' && over.atMs <= (end?.atMs ?? 0) + ROUNDING_MS;
}

export const ONE_ALERT: Checker = {
  name: 'one alert',
  promise: 'An outage is told once, and once that it is over.',
  check: (seen) => {
    if (!seen.promised.alerts) return [];
    const alerts = seen.log.flatMap((sight, index) =>
      sight.type === 'alerted' ? [{ ...sight, index }] : [],
    );
    return [...repeated(seen, alerts), ...untold(seen, alerts)];
  },
};

type Alert = Of<'alerted'> & Mark;

/** Raised twice on one channel, with no recovery between; a kill may repeat one. */
function repeated({ log }: Seen, alerts: readonly Alert[]): readonly Found[] {
  const kills = log.filter(({ type }) => type === 'killed').length;
  const groups = Map.groupBy(alerts, ({ channel, key }) => `${key} on ${channel}`);
  return [...groups].flatMap(([what, its]) => {
    const twice = its.filter((one, position) => {
      return one.kind === (its[position - 1]?.kind ?? 'recovered');
    });
    const last = twice.at(-1);
    if (last === undefined || twice.length <= kills) return [];
    return [{ atMs: last.atMs, message: `${what} is ${last.kind}, as it was before` }];
  });
}

/** Openings nobody heard of, and recoveries. */
function untold(seen: Seen, alerts: readonly Alert[]): readonly Found[] {
  const { lives } = evidenceOf(seen);
  const orderly = new Set(lives.filter(({ over }) => over?.how === 'ended').map(({ run }) => run));
  const found: Found[] = [];
  const opened = toldOf(seen.log, 'breaker.opened');
  for (const { index, atMs, run, event } of opened) {
    const its = alerts.filter(({ key }) => key === `service:${event.service}`);
    const before = its.findLast((one) => one.index < index);
    const isRaised =
      before?.kind === 'raised' || its.some((one) => one.index > index && one.kind === 'raised');
    if (isRaised || !orderly.has(run)) continue;
    found.push({ atMs, message: `the breaker of ${event.service} opens, and nobody is told` });
  }
  for (const { index, atMs, run, event } of toldOf(seen.log, 'breaker.closed')) {
    const again = opened.some((one) => one.index > index && one.event.service === event.service);
    const last = alerts.findLast(({ key }) => key === `service:${event.service}`);
    if (again || last?.kind !== 'raised' || !orderly.has(run)) continue;
    found.push({ atMs, message: `${event.service} is back, and nobody is told` });
  }
  return found;
}
