/** A number that is not rung any more. */
export interface OptOut {
  /** E.164. */
  readonly number: string;
  /** When they asked; wall clock milliseconds. */
  readonly atMs: number;
  /** In which campaign; undefined where the operator has it from elsewhere. */
  readonly campaign: string | undefined;
  readonly reason: string;
}

/** Why, where a key was pressed. */
export const BY_KEY = 'pressed a key on the telephone';

/** Numbers that no campaign of the store rings; for the operator. */
export interface OptOuts {
  /** In the order of their time. */
  list(): readonly OptOut[];
  /** Durable when it returns. Answers whether the number was not among them before. */
  add(optOut: OptOut): boolean;
  /** Durable when it returns. Answers whether the number was among them. */
  remove(number: string): boolean;
}
