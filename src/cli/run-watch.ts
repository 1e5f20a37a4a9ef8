import type { Guard } from '../engine/guard.ts';
import type { ProbeListener } from '../engine/health-checker.ts';
import type { Services } from './compose-services.ts';

/** What a run hands to whoever shows it to the outside while it works. */
export interface Watched extends AsyncDisposable {
  /** The same services, with what is to be seen of them. */
  services(services: Services): Services;
  guards(guards: readonly Guard[]): void;
  readonly probed: ProbeListener | undefined;
}

/** Of a run that nobody can look at. */
export const NOT_WATCHED: Watched = {
  services: (services) => services,
  guards: () => undefined,
  probed: undefined,
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
