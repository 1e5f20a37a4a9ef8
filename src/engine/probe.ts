/**
 * One probe of one service, bounded in time: in the background of a run, and for `check --online`.
 */
import type { Clock, ProbeAnswer, Service } from './ports.ts';

export type Probed =
  | { readonly isGood: true; readonly answer: ProbeAnswer }
  /** `error` is what the probe threw, or a `ProbeTimeout`. */
  | { readonly isGood: false; readonly error: unknown };

/** Its time was up; what the service would have said, nobody knows. */
export class ProbeTimeout extends Error {
  override readonly name = 'ProbeTimeout';
}

export interface Probing {
  /** Told once, with the answer or when the time is up; not after `stop`. */
  readonly found: (probed: Probed) => void;
  /** The probe has come back, which may be long after its time. */
  readonly back?: (() => void) | undefined;
}

/** The answer gives it up: nothing is told any more, and no timer is left. */
export function beginProbe(
  service: Service,
  clock: Clock,
  timeoutMs: number,
  { found, back }: Probing,
): (reason: Error) => void {
  const controller = new AbortController();
  let isOpen = true;
  const end = (probed: Probed): void => {
    if (!isOpen) return;
    isOpen = false;
    cancelTimeout();
    found(probed);
  };
  const cancelTimeout = clock.after(timeoutMs, () => {
    const error = new ProbeTimeout(`no answer to the check within ${timeoutMs / 1_000} s`);
    end({ isGood: false, error });
    controller.abort(error);
  });
  void answerOf(service, controller.signal).then((probed) => {
    back?.();
    end(probed);
  });
  return (reason) => {
    isOpen = false;
    cancelTimeout();
    controller.abort(reason);
  };
}

async function answerOf(service: Service, signal: AbortSignal): Promise<Probed> {
  try {
    return { isGood: true, answer: (await service.probe(signal)) ?? {} };
  } catch (error) {
    return { isGood: false, error };
  }
}

/** What is wrong, for people. */
export function faultOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
