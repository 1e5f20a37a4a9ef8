import { ServiceFailure } from '../../../domain/failure.ts';
import type { HangupCause } from '../../../domain/hangup-cause.ts';

/** No circuit, no network, a passing failure, congestion: of the trunk, not of the number. */
const CONGESTED: ReadonlySet<number> = new Set([34, 38, 41, 42, 44, 47]);

/**
 * What a call that never rang says of the trunk, where it says that the next one would meet the
 * same: then the list must not be used up on it. Undefined where it is about the number.
 */
export function trunkFault(
  service: string,
  { cause, techCause = 0 }: HangupCause,
): ServiceFailure | undefined {
  const said = techCause === 0 ? `cause ${cause}` : `cause ${cause}, SIP ${techCause}`;
  if (techCause === 401 || techCause === 407) {
    const message =
      `${service}: the trunk refuses our password (${said}); check its outbound_auth in ` +
      'pjsip.conf, and the user and password there';
    const code = 'trunk_refused';
    return new ServiceFailure(message, { kind: 'permanent', scope: 'service', code });
  }
  if (!CONGESTED.has(cause)) return undefined;
  const message = `${service}: the trunk takes no call (${said}): congested, or out of order`;
  const code = 'trunk_congested';
  return new ServiceFailure(message, { kind: 'transient', scope: 'service', code });
}
