/**
 * Asks Asterisk what becomes of calls, over as many connections as it takes, and ends them.
 */
import { ServiceFailure } from '../../../domain/failure.ts';
import type { Clock, RequestContext } from '../../../engine/ports.ts';
import type { AmiCall } from './ami-calls.ts';
import type { AmiLink } from './ami-link.ts';
import { type AmiFields, amiRefusal } from './ami-wire.ts';
import type { Connection } from './connection.ts';

/** A request that was lost on its way back may still be making its channel. */
const FIND_LOOKS = 3;
/** How often it is asked whether a call still stands. */
const LOOK_MS = 15_000;
/** A word about a channel that is gone may come after the answer that it is. */
export const LAST_WORD_MS = 1_000;

export class AmiInquiry {
  readonly #connection: Connection<AmiLink>;
  readonly #clock: Clock;

  constructor(connection: Connection<AmiLink>, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** Resolves when the channel is gone, and its last word was waited for. */
  async untilGone(id: string, call: AmiCall, context: RequestContext): Promise<void> {
    const { signal } = context;
    while (call.hangup === undefined) {
      const link = await this.#look(id, call, context);
      context.heard?.();
      if (link === undefined) {
        await this.#lastWord(call, signal);
        return;
      }
      await this.#untilNews(call, context);
      // Whoever has chosen need not wait for the end of the time to do so.
      if (hasChosen(call)) await hangUp(link, id, signal);
    }
  }

  /** Whether there is such a call, now or in a moment. */
  async stands(id: string, call: AmiCall, context: RequestContext): Promise<boolean> {
    for (let look = 1; call.hangup === undefined; look += 1) {
      if ((await this.#look(id, call, context)) !== undefined) return true;
      if (look >= FIND_LOOKS) break;
      await this.#lastWord(call, context.signal);
    }
    return false;
  }

  async hangUp(id: string, signal: AbortSignal): Promise<void> {
    await hangUp(await this.#connection.link(signal), id, signal);
  }

  /**
   * Asks whether the call still stands; answers the connection on which it was found, undefined
   * where there is no such channel.
   */
  async #look(
    id: string,
    call: AmiCall,
    { signal, drain }: RequestContext,
  ): Promise<AmiLink | undefined> {
    for (;;) {
      const link = await this.#connection.connected(signal, drain);
      try {
        return (await isThere(link, id, call, signal)) ? link : undefined;
      } catch (error) {
        const isLost = error instanceof ServiceFailure && error.kind !== 'permanent';
        if (!isLost || signal.aborted) throw error;
        await link.lost;
      }
    }
  }

  async #lastWord(call: AmiCall, signal: AbortSignal): Promise<void> {
    await call.until(() => call.hangup !== undefined, this.#clock, LAST_WORD_MS, signal);
  }

  /** Until the call has ended, the connection is lost, or it is time to look. */
  async #untilNews(call: AmiCall, context: RequestContext): Promise<void> {
    const unheard = context.heard === undefined ? undefined : call.listen(context.heard);
    const ending = new AbortController();
    const signal = AbortSignal.any([context.signal, ending.signal]);
    const unchanged = this.#connection.subscribe(() => ending.abort());
    try {
      const isNews = (): boolean => call.hangup !== undefined || hasChosen(call);
      // That the connection is gone ends the wait, and is no failure.
      await call.until(isNews, this.#clock, LOOK_MS, signal).catch(() => undefined);
    } finally {
      unchanged();
      unheard?.();
    }
    context.signal.throwIfAborted();
  }
}

/** Whether there is a channel with this id, and if so in which state. */
async function isThere(link: AmiLink, id: string, call: AmiCall, signal: AbortSignal) {
  const fields: AmiFields = [
    ['Action', 'Status'],
    ['Channel', id],
  ];
  const answer = await link.request(fields, signal, { until: 'StatusComplete' });
  const { isSuccess, message, events } = answer;
  if (!isSuccess && !isGone(message)) throw amiRefusal(message);
  const status = events.find((event) => event.get('uniqueid')?.toLowerCase() === id.toLowerCase());
  if (status === undefined) return false;
  call.found(status.get('channelstate') ?? '');
  if (call.wasUp && call.isMachineUnknown) await recallMachine(link, id, call, signal);
  return true;
}

/** `AMD` leaves what it heard in the channel: nobody is claimed to have answered who did not. */
async function recallMachine(link: AmiLink, id: string, call: AmiCall, signal: AbortSignal) {
  const [status = '', cause = ''] = await Promise.all(
    ['AMDSTATUS', 'AMDCAUSE'].map(async (variable) => {
      const fields: AmiFields = [
        ['Action', 'Getvar'],
        ['Channel', id],
        ['Variable', variable],
      ];
      return (await link.request(fields, signal)).value;
    }),
  );
  call.recalled(status, cause);
}

async function hangUp(link: AmiLink, id: string, signal: AbortSignal): Promise<void> {
  const fields: AmiFields = [
    ['Action', 'Hangup'],
    ['Channel', id],
    ['Cause', '16'],
  ];
  const { isSuccess, message } = await link.request(fields, signal);
  if (!isSuccess && !isGone(message)) throw amiRefusal(message);
}

function isGone(message: string): boolean {
  return /no such channel/i.test(message);
}

/** The text has been said, and a key was pressed that counts. */
function hasChosen({ digit, wasPlayed, hangup }: AmiCall): boolean {
  return digit !== undefined && wasPlayed && hangup === undefined;
}
