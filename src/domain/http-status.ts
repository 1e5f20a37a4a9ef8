import type { FailureKind, FailureScope } from './failure.ts';

export interface StatusMeaning {
  readonly kind: FailureKind;
  readonly scope: FailureScope;
}

/** These come and go: too slow, too early, too many. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);
/** Whose account this is, what it may do, and whether it is paid for; also at a proxy (407). */
const ACCOUNT: ReadonlySet<number> = new Set([401, 402, 403, 407]);

/**
 * What a status that is no success means where the vendor says no more. A redirect means that the
 * address is wrong, which the next request would find as well.
 */
export function statusMeaning(status: number): StatusMeaning {
  if (status >= 500 || PASSING.has(status)) return { kind: 'transient', scope: 'service' };
  if (ACCOUNT.has(status)) return { kind: 'permanent', scope: 'service' };
  if (status >= 400) return { kind: 'permanent', scope: 'request' };
  return { kind: 'permanent', scope: 'service' };
}
