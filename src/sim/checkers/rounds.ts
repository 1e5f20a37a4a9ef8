/**
 * What is promised of contacts that used up their retries: they go behind the others, and are
 * given up after three rounds in which others went through, not before.
 */
import type { Step } from '../../domain/words.ts';
import type { Checker, Seen, Violation } from '../check.ts';
import { NUMBER_IN_USE } from '../number-finder.ts';
import { evidenceOf, type Life, type Told, toldOf } from './evidence.ts';
import { unlisted } from './lists.ts';

type Found = Omit<Violation, 'checker'>;

/** Rounds of used-up retries after which a contact that others overtook is given up. */
const ROUNDS_MAX = 3;

export const BEHIND_THE_OTHERS: Checker = {
  name: 'behind the others',
  promise:
    'Whoever used up the retries before having a text is taken up again only after all whose ' +
    'turn has not come yet.',
  check: (seen) => {
    const { lives, exchanges } = evidenceOf(seen);
    const written = Map.groupBy(
      exchanges.filter(({ sight, end }) => sight.method === 'write' && end?.type === 'answered'),
      ({ sight }) => sight.contact ?? '',
    );
    const touched = firstTouches(seen);
    const out = unlisted(seen.log);
    const waiting = seen.promised.contacts.map(({ id }) => id).filter((id) => !out.has(id));
    return lives.flatMap((life) => {
      const behind = new Map<string, number>();
      const found: Found[] = [];
      for (const [index, sight] of seen.log.entries()) {
        if (sight.type !== 'told' || sight.run !== life.run) continue;
        const { event, atMs } = sight;
        if (event.type === 'contact.put_off' && event.waitsFor === undefined) {
          behind.set(event.contact, index);
        }
        if (event.type !== 'call.started' || !behind.delete(event.contact)) continue;
        if (written.get(event.contact)?.some((one) => one.index < index)) continue;
        const first = waiting.find((id) => (touched.get(id) ?? Number.POSITIVE_INFINITY) > index);
        if (first === undefined) continue;
        found.push({ atMs, message: `${event.contact} is taken up again before ${first}` });
      }
      return found;
    });
  },
};

/** Where each contact was first taken up or put off. */
export function firstTouches({ log }: Seen): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const [index, sight] of log.entries()) {
    if (sight.type !== 'told') continue;
    const { event } = sight;
    if (event.type !== 'call.started' && event.type !== 'contact.put_off') continue;
    if (!first.has(event.contact)) first.set(event.contact, index);
  }
  return first;
}

export const THREE_ROUNDS: Checker = {
  name: 'three rounds',
  promise:
    'A contact whose retries are used up three times while the service that fails serves others ' +
    'is given up, and none before that whom nobody refused.',
  check: (seen) => {
    const { lives } = evidenceOf(seen);
    const dialled = new Set(
      toldOf(seen.log, 'step.finished').flatMap(({ event }) =>
        event.step === 'dial' ? [event.call] : [],
      ),
    );
    const early = toldOf(seen.log, 'call.finished').flatMap(({ index, atMs, event }) => {
      const { contact, call, outcome, code } = event;
      // Whoever asked not to be rung is not given up, however often something failed before; and
      // whoever was dialled, over a trunk that took no call, is not either.
      if (outcome !== 'failed' || code !== undefined || dialled.has(call)) return [];
      const its = failuresOf(seen, contact, index);
      const last = its.at(-1);
      // A text that cannot be used is nobody's failure.
      if (last === undefined || last.event.kind === 'permanent') return [];
      // Where a call of ours to the same number is in the way, that is no fault of theirs.
      const own = its.filter(({ event: { code: why } }) => why !== NUMBER_IN_USE);
      const count = own.filter((one, nth) => nth === 0 || isOvertaken(seen, one, own)).length;
      if (count >= ROUNDS_MAX) return [];
      const message =
        `${contact} is given up after ${its.length} rounds, ${count} of which count: ` +
        last.event.message;
      return [{ atMs, message }];
    });
    return [...early, ...lives.flatMap((life) => neverGivenUp(seen, life))];
  },
};

type Failed = Told<'call.failed'>;

/** What failed for a contact until then, since the operator or an outcome put an end to it. */
function failuresOf({ log }: Seen, contact: string, index: number): readonly Failed[] {
  const since = log.findLastIndex((sight, at) => {
    if (at >= index) return false;
    if (sight.type === 'settled') return sight.contact === contact;
    if (sight.type !== 'told' || sight.event.type !== 'call.finished') return false;
    return sight.event.contact === contact;
  });
  return toldOf(log, 'call.failed').filter(
    (one) => one.event.contact === contact && one.index > since && one.index < index,
  );
}

/** Steps that a CRM does: when it does one, it works. */
const OF_CRM: ReadonlySet<Step> = new Set(['lookup', 'record']);

function isSameRole(step: Step | undefined, other: Step | undefined): boolean {
  return step === other || [step, other].every((one) => one !== undefined && OF_CRM.has(one));
}

/** Whether the service that failed has served others in its role since it failed this one last. */
function isOvertaken({ log }: Seen, failed: Failed, its: readonly Failed[]): boolean {
  const { step, service, contact } = failed.event;
  const since = its.findLast(
    ({ index, event }) =>
      index < failed.index && isSameRole(event.step, step) && event.service === service,
  );
  return toldOf(log, 'step.finished').some(
    ({ index, event }) =>
      index > (since?.index ?? -1) &&
      index < failed.index &&
      isSameRole(event.step, step) &&
      event.service === service &&
      event.contact !== contact &&
      event.kept !== true,
  );
}

/** Rounds of one life in a row, at one service, between which it served others. */
function neverGivenUp({ log }: Seen, life: Life): readonly Found[] {
  const rounds = new Map<string, { count: number; index: number }>();
  const done = toldOf(log, 'step.finished').filter(
    ({ run, event }) => run === life.run && event.kept !== true,
  );
  const found: Found[] = [];
  /** By contact: what failed them last, the first choice where several were asked. */
  const failedBy = new Map<string, Told<'call.failed'>['event']>();
  for (const [index, sight] of log.entries()) {
    if (sight.type !== 'told' || sight.run !== life.run) continue;
    const { event, atMs } = sight;
    if (event.type === 'call.failed') failedBy.set(event.contact, event);
    if (event.type === 'call.finished') failedBy.delete(event.contact);
    if (event.type !== 'contact.put_off' || event.waitsFor !== undefined) continue;
    const { contact } = event;
    const { step, service, code } = failedBy.get(contact) ?? {};
    failedBy.delete(contact);
    if (step === undefined || code === NUMBER_IN_USE) continue;
    const key = `${contact} at ${step} by ${service}`;
    const before = rounds.get(key);
    const since = before?.index ?? 0;
    // A step that was done: a call that was placed may still fail for whoever is put off.
    const isOvertaken = done.some(
      (one) =>
        one.event.step === step &&
        one.event.service === service &&
        one.event.contact !== contact &&
        one.index > since &&
        one.index < index,
    );
    const count = (before?.count ?? 0) + (before === undefined || isOvertaken ? 1 : 0);
    rounds.set(key, { count, index });
    if (count < ROUNDS_MAX) continue;
    found.push({ atMs, message: `${contact} is put off after ${count} rounds: ${event.reason}` });
  }
  return found;
}
