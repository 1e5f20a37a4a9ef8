/**
 * What an operator does to the list between two starts of the program.
 */
import type { Contact } from '../domain/contact.ts';
import type { Sight } from './sighting.ts';

export type ListEdit =
  /** Two rows exchange their numbers. */
  | { readonly type: 'swap'; readonly contact: string; readonly other: string }
  /** A row gets the number that another has now, or had at first. */
  | { readonly type: 'take'; readonly contact: string; readonly other: string }
  | { readonly type: 'take_former'; readonly contact: string; readonly other: string }
  /** A row gets another name, and another number where it says so. */
  | { readonly type: 'rename'; readonly contact: string; readonly renumber: boolean }
  /** A row that was deleted is there again, at the end. */
  | { readonly type: 'return'; readonly contact: string };

/** The list as it is now; every change of it is told. */
export class EditedList {
  #rows: readonly Contact[];
  readonly #first: readonly Contact[];
  readonly #deleted = new Map<string, Contact>();
  readonly #see: (sight: Sight) => void;

  constructor(rows: readonly Contact[], see: (sight: Sight) => void) {
    this.#rows = rows;
    this.#first = rows;
    this.#see = see;
  }

  get rows(): readonly Contact[] {
    return this.#rows;
  }

  /** A list without rows is none: the last one stays. */
  remove(ids: readonly string[]): void {
    for (const contact of ids) {
      const row = this.#row(contact);
      if (row === undefined || this.#rows.length === 1) continue;
      this.#rows = this.#rows.filter((one) => one !== row);
      this.#deleted.set(contact, row);
      this.#see({ type: 'removed', contact });
    }
  }

  /** Numbers that no other row has ever had. */
  correct(ids: readonly string[], run: number): void {
    for (const id of ids) this.#change(id, { phone: this.#unused(id, run) });
  }

  edit(edits: readonly ListEdit[], run: number): void {
    for (const edit of edits) this.#edit(edit, run);
  }

  /** The same for the rows of all these. */
  rework(
    how: 'kept' | 'deleted' | 'corrected' | 'renamed' | 'doubled',
    ids: readonly string[],
    run: number,
  ): void {
    if (how === 'deleted') this.remove(ids);
    if (how === 'corrected' || how === 'doubled') this.correct(ids, run);
    for (const contact of ids) {
      if (how === 'renamed') this.#edit({ type: 'rename', contact, renumber: true }, run);
      // Of the last ones it is most likely that they were not called yet.
      const another = this.#rows.findLast(({ id }) => !ids.includes(id));
      if (how !== 'doubled' || another === undefined) continue;
      this.#edit({ type: 'take', contact: another.id, other: contact }, run);
    }
  }

  #edit(edit: ListEdit, run: number): void {
    const row = this.#row(edit.contact);
    switch (edit.type) {
      case 'swap': {
        const other = this.#row(edit.other);
        if (row === undefined || other === undefined) return;
        this.#change(row.id, { phone: other.phone });
        this.#change(other.id, { phone: row.phone });
        return;
      }
      case 'take':
      case 'take_former': {
        const rows = edit.type === 'take' ? this.#rows : this.#first;
        const other = rows.find(({ id }) => id === edit.other);
        if (other !== undefined) this.#change(edit.contact, { phone: other.phone });
        return;
      }
      case 'rename': {
        const phone = edit.renumber ? this.#unused(edit.contact, run) : row?.phone;
        const name = `Renamed ${edit.contact} ${run}`;
        if (phone !== undefined) this.#change(edit.contact, { name, phone });
        return;
      }
      case 'return':
        this.#return(edit.contact);
    }
  }

  #return(contact: string): void {
    const row = this.#deleted.get(contact);
    if (row === undefined) return;
    this.#deleted.delete(contact);
    this.#rows = [...this.#rows, row];
    this.#see({ type: 'returned', contact, phone: row.phone });
  }

  #change(id: string, change: { readonly phone: string; readonly name?: string }): void {
    if (this.#row(id) === undefined) return;
    this.#rows = this.#rows.map((row) => (row.id === id ? { ...row, ...change } : row));
    this.#see({ type: 'corrected', contact: id, ...change });
  }

  #row(contact: string): Contact | undefined {
    return this.#rows.find(({ id }) => id === contact);
  }

  #unused(contact: string, run: number): string {
    const index = this.#first.findIndex(({ id }) => id === contact);
    return `+1${800 + run}5550${100 + index}`;
  }
}
