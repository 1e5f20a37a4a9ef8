/**
 * What vendors and their clients do that a bug hunt must live through.
 */

export interface Quirks {
  /** Whether a dialer can tell what became of a call that it may have taken on; `some` by call. */
  readonly memory: 'knows' | 'some' | 'forgets';
  /**
   * A dialer that is asked about a call answers at once, also while it may still place it: that it
   * cannot tell, or, of a request that has not reached it yet, that there is no such call.
   */
  readonly hasty: boolean;
  /** From this life on every dialer is another account, which knows nothing of calls before. */
  readonly accountChange?: number | undefined;
  /** Share of requests whose answer still comes after they were given up. */
  readonly deaf: number;
  /** Share of contacts for whom the text comes back empty. */
  readonly emptyTexts: number;
  /** Share of contacts whom a vendor refuses for what is in their row. */
  readonly refusals: number;
  /** Share of numbers that no dialer takes, because they are none. */
  readonly noNumbers?: number | undefined;
  /** Dialers that speak the text themselves; some of them in no language but English. */
  readonly speaking?: readonly string[] | undefined;
  /** Share of those who pick up that opt out; left out where the script asks for no key. */
  readonly optOuts?: number | undefined;
  /** Dialers that know a call again by its number and time only. */
  readonly byNumber?: readonly string[] | undefined;
  /** Dialers that keep a connection to an exchange of the operator's own. */
  readonly exchanges?: readonly string[] | undefined;
}

export const NO_QUIRKS: Quirks = {
  memory: 'knows',
  hasty: false,
  deaf: 0,
  emptyTexts: 0,
  refusals: 0,
};
