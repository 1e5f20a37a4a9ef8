/**
 * Whether a contact could get through now: asked before it costs anything.
 */
import type { Role } from '../domain/words.ts';
import { STAGES, type Stage } from './ports.ts';

/** What a guard says of its service. */
export type Readiness =
  | {
      readonly state: 'ready';
      /** It asked for a pause of so long, which a request waits out. */
      readonly heldMs?: number | undefined;
    }
  /** Half open, or due to be: a few requests are let through to try it. */
  | {
      readonly state: 'probe';
      /** Requests that may be sent now. */
      readonly permits: number;
      /** Requests that may be under way at once. */
      readonly permitsMax: number;
      /** With none left: until one of them counts as lost, at the latest. */
      readonly lapseMs?: number | undefined;
      /** How many were lost so far: who was sent to try the service before that tries no more. */
      readonly lost?: number | undefined;
    }
  | { readonly state: 'closed_until'; readonly retryAfterMs: number };

/** The side of a guard that the runner looks at. */
export interface Gate {
  readonly service: string;
  readonly role: Role;
  /** Rises with every opening of the breaker. */
  readonly opening: number;
  readiness(): Readiness;
  /** Calls back after every change of the breaker; the answer stops it. */
  onChange(listener: () => void): () => void;
}

/** One role that cannot be had now. */
export interface Blocked {
  readonly role: Role;
  readonly services: readonly string[];
  /** Until one of them may be asked; undefined where only a trial under way can tell. */
  readonly retryAfterMs: number | undefined;
  /** One of them is being tried at this moment, which may tell much sooner. */
  readonly isTried: boolean;
  /** Until that counts as lost, where it has left. */
  readonly lapseMs?: number | undefined;
  /** Names this opening: skips are counted per opening. */
  readonly opening: string;
}

/** A contact that was let through, maybe to try a service. */
export interface Trial {
  /** When it is done with; true where others can try something in its place. */
  release(): boolean;
}

/** One contact on its way to one service. */
interface Attempt {
  /** How many had been lost when it set out. */
  readonly lost: number;
}

/** Keeps count of the contacts that are on their way to try a half-open service. */
export class Availability {
  readonly #gates: ReadonlyMap<Role, readonly Gate[]>;
  readonly #needs: ReadonlyMap<Stage, readonly Role[]>;
  readonly #trials = new Map<Gate, Set<Attempt>>();

  /**
   * @param looksUp whether the script needs the CRM's lookup
   * @param isSpoken whether a service of tts speaks the text: not where every dialer does itself
   */
  constructor(gates: readonly Gate[], looksUp: boolean, isSpoken = true) {
    this.#gates = Map.groupBy(gates, (gate) => gate.role);
    const crm: readonly Role[] = looksUp ? ['crm'] : [];
    const tts: readonly Role[] = isSpoken ? ['tts'] : [];
    this.#needs = new Map<Stage, readonly Role[]>([
      ['fresh', [...crm, 'llm', ...tts, 'dialer']],
      ['scripted', [...tts, 'dialer']],
      ['spoken', ['dialer']],
      // Asking what became of a call outlasts an open breaker.
      ['dialling', []],
      ['owed', ['crm']],
      // Nor does it wait for one: it is asked once.
      ['doubted', []],
    ]);
  }

  /** The roles that this stage still needs and that nobody can fill now. */
  blocked(stage: Stage): readonly Blocked[] {
    return (this.#needs.get(stage) ?? []).flatMap((role) => this.#blockedRole(role, stage) ?? []);
  }

  /** Stages whose contacts could get through now. */
  open(): readonly Stage[] {
    return STAGES.filter((stage) =>
      (this.#needs.get(stage) ?? []).every((role) => this.#hasAnswer(role, stage)),
    );
  }

  /** Whether a contact that waits for this service, and for no other, could get through now. */
  isFree(role: Role, service: string): boolean {
    const gate = this.#gates.get(role)?.find((one) => one.service === service);
    // A record waits for the CRM to be out of a pause, too.
    return gate !== undefined && this.#couldAnswer(gate, role === 'crm' ? 'owed' : 'fresh');
  }

  /** Takes a contact of this stage in hand: it uses a permit wherever it will try a service. */
  enter(stage: Stage): Trial {
    const tried = (this.#needs.get(stage) ?? []).flatMap((role) => {
      const gate = this.#gates.get(role)?.find((one) => this.#couldAnswer(one, stage));
      const readiness = gate?.readiness();
      if (gate === undefined || readiness?.state !== 'probe') return [];
      return [{ trials: this.#trialsOf(gate), attempt: { lost: readiness.lost ?? 0 } }];
    });
    for (const { trials, attempt } of tried) trials.add(attempt);
    return {
      release: () => {
        const left = tried.splice(0);
        for (const { trials, attempt } of left) trials.delete(attempt);
        return left.length > 0;
      },
    };
  }

  onChange(listener: () => void): () => void {
    const stops = [...this.#gates.values()].flat().map((gate) => gate.onChange(listener));
    return () => {
      for (const stop of stops) {
        stop();
      }
    };
  }

  #blockedRole(role: Role, stage: Stage): Blocked | undefined {
    if (this.#hasAnswer(role, stage)) return undefined;
    const gates = this.#gates.get(role) ?? [];
    const states = gates.map((gate) => gate.readiness());
    const waitsMs = states.flatMap((one) => {
      if (one.state === 'closed_until') return [one.retryAfterMs];
      return one.state === 'ready' ? (one.heldMs ?? []) : [];
    });
    const lapsesMs = states.flatMap((one) => (one.state === 'probe' ? (one.lapseMs ?? []) : []));
    return {
      role,
      services: gates.map((gate) => gate.service),
      retryAfterMs: waitsMs.length === 0 ? undefined : Math.min(...waitsMs),
      isTried: states.some(({ state }) => state === 'probe'),
      lapseMs: lapsesMs.length === 0 ? undefined : Math.min(...lapsesMs),
      opening: gates.map((gate) => `${gate.service}:${gate.opening}`).join(' '),
    };
  }

  #hasAnswer(role: Role, stage: Stage): boolean {
    return this.#gates.get(role)?.some((gate) => this.#couldAnswer(gate, stage)) ?? false;
  }

  #couldAnswer(gate: Gate, stage: Stage): boolean {
    const readiness = gate.readiness();
    switch (readiness.state) {
      case 'ready':
        // No line waits for a record that can be made later: somebody else can be called.
        return stage !== 'owed' || readiness.heldMs === undefined;
      case 'probe':
        return readiness.permits > 0 && this.#underWay(gate, readiness) < readiness.permitsMax;
      case 'closed_until':
        return false;
    }
  }

  /** Whoever was lost on the way to a service keeps nobody else from trying it. */
  #underWay(gate: Gate, { lost = 0 }: { readonly lost?: number | undefined }): number {
    return [...this.#trialsOf(gate)].filter((attempt) => attempt.lost === lost).length;
  }

  #trialsOf(gate: Gate): Set<Attempt> {
    const known = this.#trials.get(gate);
    if (known !== undefined) return known;
    const fresh = new Set<Attempt>();
    this.#trials.set(gate, fresh);
    return fresh;
  }
}
