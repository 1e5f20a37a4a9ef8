/**
 * The list as the operator had it, and the calls that it led to, for the checkers.
 */
import type { Seen } from '../check.ts';
import type { Mark } from './evidence.ts';

export interface Row {
  readonly phone: string;
  readonly name: string | undefined;
}

/** The list at one moment. */
export interface List {
  /** By contact id. */
  readonly rows: ReadonlyMap<string, Row>;
  /** The same, with the last row that a life has read of those who are not on it any more. */
  readonly words: ReadonlyMap<string, Row>;
}

export interface Lists {
  /** As each life has read it: a dialer can be late, and ring for one that is gone. */
  readonly readBy: ReadonlyMap<number, List>;
  readonly last: List;
}

export function listsOf({ log, promised }: Seen): Lists {
  const first = promised.contacts.map(({ id, phone, name }) => [id, { phone, name }] as const);
  const rows = new Map<string, Row>(first);
  const words = new Map<string, Row>(first);
  const read = new Map<string, Row>();
  const readBy = new Map<number, List>();
  for (const sight of log) {
    if (sight.type === 'removed') rows.delete(sight.contact);
    if (sight.type === 'corrected' || sight.type === 'returned') {
      const { contact, phone, name } = sight;
      const row = { phone, name: name ?? words.get(contact)?.name };
      rows.set(contact, row);
      words.set(contact, row);
    }
    if (sight.type === 'began') {
      for (const [contact, row] of rows) read.set(contact, row);
      readBy.set(sight.run, { rows: new Map(rows), words: new Map(read) });
    }
  }
  return { readBy, last: { rows, words: read } };
}

/** Whose row was deleted or refused at some time: they may have no turn to wait for. */
export function unlisted(log: Seen['log']): ReadonlySet<string> {
  return new Set(
    log.flatMap((one) => (one.type === 'removed' || one.type === 'refused' ? one.contact : [])),
  );
}

/** When contacts got another name. */
export function renamings({ log }: Seen): readonly (Mark & { readonly contact: string })[] {
  return log.flatMap((sight, index) => {
    const isRenaming = sight.type === 'corrected' && sight.name !== undefined;
    return isRenaming ? [{ index, atMs: sight.atMs, contact: sight.contact }] : [];
  });
}

/**
 * Whoever is settled `again` is called anew, and what the calls before came to counts no more.
 * Answers whether a call is of the last such turn, and which turn it is of, counted from 0.
 */
export function turnsOf({ log }: Seen): {
  readonly turnOf: (call: string) => number;
  readonly isLast: (contact: string, call: string) => boolean;
} {
  const agains = new Map<string, number>();
  const turns = new Map<string, number>();
  for (const sight of log) {
    if (sight.type === 'settled' && sight.outcome === 'again') {
      agains.set(sight.contact, (agains.get(sight.contact) ?? 0) + 1);
    }
    const about = sight.type === 'told' ? sight.event : sight;
    const isAsked = about.type === 'request' || about.type === 'call.started';
    const { contact, call } = isAsked ? about : {};
    if (contact === undefined || call === undefined || turns.has(call)) continue;
    turns.set(call, agains.get(contact) ?? 0);
  }
  const turnOf = (call: string): number => turns.get(call) ?? 0;
  return { turnOf, isLast: (contact, call) => turnOf(call) === (agains.get(contact) ?? 0) };
}
