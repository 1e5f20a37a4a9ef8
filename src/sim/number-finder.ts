/**
 * The client of a dialer that knows no id of ours: after a request whose answer is not known, it
 * looks for the call by its number and time, as Twilio's has to. It keeps two calls to one number
 * from being in doubt at once, and is told by the journal which calls are others'.
 */
import { ServiceFailure } from '../domain/failure.ts';
import { NumberDesk } from '../domain/number-desk.ts';
import type { DialRequest, Found, Placed } from '../engine/ports.ts';
import type { Life } from './life.ts';
import type { Outside } from './outside.ts';
import type { Asking } from './treatment.ts';

/** Until a number is asked for again that another call is being placed to. */
const DESK_MS = 1_000;
/** Since an earlier life, the clock may have been set: for so long, any call may be the one. */
const DOUBTED_MS = 24 * 3_600_000;
/** What was dialled so much later than the request left is somebody else's. */
const AFTER_MS = 150_000;

/** Of one life of the program. */
export class NumberFinder {
  readonly #service: string;
  readonly #outside: Outside;
  readonly #life: Life;
  readonly #desk = new NumberDesk();
  /** Whose a reference is, until the journal knows. */
  readonly #owners = new Map<string, string>();
  /** Attempts of this life. */
  readonly #begun = new Set<string>();

  constructor(service: string, outside: Outside, life: Life) {
    this.#service = service;
    this.#outside = outside;
    this.#life = life;
  }

  /** Places it, if no other call to the number could be taken for it. */
  async place(request: DialRequest, asking: Asking, place: () => Promise<Placed>): Promise<Placed> {
    const { call, contact } = request;
    if (!this.#take(contact.phone, call)) {
      return await this.#outside.refuse(asking, numberInUse(this.#service));
    }
    this.#begun.add(call);
    try {
      const placed = await place();
      this.#owners.set(placed.reference, call);
      this.#close(request);
      return placed;
    } catch (error) {
      // As long as it is in doubt, nobody else is called under this number.
      if (error instanceof ServiceFailure && error.kind !== 'unknown') this.#close(request);
      throw error;
    }
  }

  /** The journal has it: nobody is followed before. */
  followed({ reference }: Placed): void {
    this.#owners.delete(reference);
  }

  /** @param ask has the vendor's list when it is told, and answers by it */
  async find(
    request: DialRequest,
    signal: AbortSignal,
    ask: (search: () => Found) => Promise<Found>,
  ): Promise<Found> {
    const { call, contact } = request;
    while (!this.#take(contact.phone, call)) await this.#life.clock.sleep(DESK_MS, signal);
    try {
      const found = await ask(() => this.#search(request));
      this.#close(request);
      return found;
    } catch (error) {
      const isRefused =
        error instanceof ServiceFailure && error.kind === 'permanent' && error.scope === 'request';
      if (!(error instanceof ServiceFailure) || isRefused || signal.aborted) this.#close(request);
      throw error;
    }
  }

  #search({ call, contact, begunMs, attempts }: DialRequest): Found {
    const sinceMs = begunMs - (this.#begun.has(call) ? 0 : DOUBTED_MS);
    const inDoubtMs = attempts.othersInDoubt(this.#service, contact.phone);
    const meant = this.#outside.calls
      .to(this.#service, contact.phone)
      .filter(({ reference, atMs }) => {
        const owner = this.#owners.get(reference);
        const isOthers =
          owner === undefined ? attempts.isOthers(this.#service, reference) : owner !== call;
        return atMs >= sinceMs && !isOthers;
      });
    const [first, ...more] = meant;
    if (first === undefined) return { state: 'absent' };
    // It could be that of another contact with the number, which would then be rung once more.
    const isContested = inDoubtMs.some((ms) => Math.abs(first.atMs - ms) <= DOUBTED_MS + AFTER_MS);
    const isMeant = first.atMs >= begunMs && first.atMs <= begunMs + AFTER_MS;
    if (more.length > 0 || isContested || !isMeant) return { state: 'unknown' };
    this.#owners.set(first.reference, call);
    return { state: 'placed', placed: { service: this.#service, reference: first.reference } };
  }

  #take(phone: string, call: string): boolean {
    const nowMs = this.#life.clock.monotonicMs();
    return this.#desk.take(phone, call, nowMs, Number.POSITIVE_INFINITY);
  }

  #close({ call, contact }: DialRequest): void {
    this.#begun.delete(call);
    this.#desk.leave(contact.phone, call);
  }
}

/** What its client says of a call that it does not even begin. */
export const NUMBER_IN_USE = 'number_in_use';

function numberInUse(service: string): ServiceFailure {
  const message = `${service}: another call to this number is being placed, or is in doubt`;
  const about = { kind: 'transient', scope: 'request', isInTheWay: true } as const;
  return new ServiceFailure(message, { ...about, code: NUMBER_IN_USE });
}
