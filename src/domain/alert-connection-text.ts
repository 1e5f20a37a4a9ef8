/**
 * The words for a service that keeps a connection, while that is away: it is tried again by itself,
 * whatever the breaker does, and what is mended on the other side needs no restart here.
 */
import { spanText } from './text.ts';

/** A connection that a service keeps, and that is not made at the moment. */
export interface CutOff {
  /** Without secrets: `127.0.0.1:5038`. */
  readonly address: string;
  /** Until the next try; 0 while one is under way. */
  readonly waitMs: number;
}

export function reconnectsText({ address, waitMs }: CutOff): string {
  const now = waitMs < 1_000 ? 'now' : `again in ${spanText(waitMs)}`;
  return (
    `The connection to ${address} is tried ${now}, and then on and on: the waits get no longer ` +
    'than retry_max in config.yml. As soon as it stands, a call is tried.'
  );
}

/** @param refuses it is not taken, whatever tries it: that rarely passes by itself */
export function seeConnection({ address }: CutOff, refuses: boolean): string {
  return refuses
    ? 'This rarely passes by itself. See, by what it said, whether user and password are right, ' +
        'what that user may do, which machines are let in, and whether another run has the ' +
        'same name there. What is mended on the side of ' +
        `${address} (of an Asterisk: in ari.conf or manager.conf, and then a reload) is taken at ` +
        'the next try, without a restart. Only what is changed in config.yml or in the ' +
        'environment needs the run to be started again.'
    : 'Nothing, if it comes back by itself: one more message says so. If it lasts, see whether ' +
        `what listens at ${address} is up, and whether this machine reaches it (a firewall, the ` +
        'network between). What is mended there is taken at the next try, without a restart.';
}
