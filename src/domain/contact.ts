/** One person and one number, as accepted from the list. */
export interface Contact {
  /** The row's own id, or its number where the list has no id column. Survives re-import. */
  readonly id: string;
  readonly name: string | undefined;
  /** E.164, with the plus sign. */
  readonly phone: string;
  /** The number as the list has it, where that is another spelling. */
  readonly phoneWritten?: string | undefined;
  /** BCP 47 tag as the row says it; undefined means the campaign's language. */
  readonly language: string | undefined;
  /** IANA time zone as the row says it. */
  readonly timezone: string | undefined;
  readonly email: string | undefined;
  /** Every other column, by its header. */
  readonly variables: Readonly<Record<string, string>>;
  /** Line of the list on which the row begins, the header being line 1. */
  readonly line: number;
}

/** Contacts in order: an array, or what makes each only when it is asked for. */
export interface ContactList {
  readonly length: number;
  /** Undefined beyond the end. */
  at(index: number): Contact | undefined;
}
