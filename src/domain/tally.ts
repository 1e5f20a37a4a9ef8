/**
 * What a run did, counted from its events.
 */
import { addFailedCall, type Cause, causeWith, keyAmong, OTHER_REASONS } from './causes.ts';
import type { CampaignEvent, EventOf } from './event.ts';
import { OutcomeCounts } from './outcome-counts.ts';
import { PairMap } from './pair-map.ts';
import { RetriesMade } from './retries-made.ts';
import { paidFor } from './spending.ts';
import { UsageBook } from './usage.ts';
import type { Outcome, Role } from './words.ts';

export interface ServiceTally {
  readonly role: Role;
  /** Attempts sent: those that succeeded and those that failed. */
  requests: number;
  failures: number;
  /** Those that were made. */
  retries: number;
}

export interface FallbackTally {
  readonly role: Role;
  readonly service: string;
  readonly instead: string;
  readonly count: number;
  /** Why: by service and code, as far as possible. */
  readonly causes: Map<string, Cause>;
}

export interface Rejected {
  readonly listLine: number;
  readonly reason: string;
}

/** How many rejected rows are kept to be shown; all are counted. */
const REJECTED_SHOWN_MAX = 5;

export class RunTally {
  readonly #services = new PairMap<Role, string, ServiceTally>();
  readonly #outcomes = new OutcomeCounts();
  readonly outcomes: ReadonlyMap<Outcome, number> = this.#outcomes.counts;
  readonly rejected: Rejected[] = [];
  /** By who did it instead of whom, in which role. */
  readonly fallbacks = new Map<string, FallbackTally>();
  /** Why calls failed for good: by service and code, or by what was said, as far as possible. */
  readonly failures = new Map<string, Cause>();
  /** By contact in hand whose call failed: of which service, or at which step, and its code. */
  readonly #failedBy = new Map<string, string>();
  readonly #retries = new RetriesMade();
  /** What services were paid for. */
  readonly usage = new UsageBook();
  /** By what was chosen with a key. */
  readonly answers = new Map<string, number>();
  /** Not rung, because the number had asked not to be; among those that failed. */
  optedOut = 0;
  rejectedCount = 0;
  putOff = 0;
  /** Once per alert and channel; what failed was given up for the time being. */
  readonly alerts = { sent: 0, failed: 0 };
  /** What the CRM added about records that it took, as far as there are not too many notes. */
  readonly notes = new Map<string, number>();
  /** Records that the CRM took, also of calls that ended in an earlier run. */
  records = 0;
  /** How long it worked, as the log has it; undefined while it is on. */
  durationMs: number | undefined;

  take(event: CampaignEvent): void {
    const retry = this.#retries.take(event);
    if (retry !== undefined) this.service(retry.service, retry.role).retries += 1;
    switch (event.type) {
      case 'contact.rejected':
        this.rejectedCount += 1;
        if (this.rejected.length < REJECTED_SHOWN_MAX) {
          this.rejected.push({ listLine: event.listLine, reason: event.reason });
        }
        break;
      case 'call.failed':
        this.#callFailed(event);
        break;
      case 'call.finished':
        this.#callFinished(event);
        break;
      case 'contact.put_off':
        this.putOff += 1;
        this.#failedBy.delete(event.contact);
        break;
      case 'fallback.used':
        this.#fellBack(event);
        break;
      case 'alert.sent':
        this.alerts.sent += 1;
        break;
      case 'alert.failed':
        this.alerts.failed += 1;
        break;
      case 'run.finished':
        this.durationMs = event.durationMs;
        break;
      default:
        this.#takeService(event);
    }
  }

  #fellBack({ role, service, instead, reason, code }: EventOf<'fallback.used'>): void {
    const key = `${role} ${service} ${instead}`;
    const { causes, count } = this.fallbacks.get(key) ?? { causes: new Map(), count: 0 };
    const cause = keyAmong(causes, `${instead}: ${code}`, OTHER_REASONS);
    causes.set(cause, causeWith(causes.get(cause), reason, cause));
    this.fallbacks.set(key, { role, service, instead, count: count + 1, causes });
  }

  /** A text that is too long is put down to its step: no service is to blame for it. */
  #callFailed({ contact, service, step, code }: EventOf<'call.failed'>): void {
    const where = service ?? step;
    if (where !== undefined) this.#failedBy.set(contact, `${where}: ${code}`);
  }

  #callFinished(event: EventOf<'call.finished'>): void {
    const { contact, outcome, answer, code, detail } = event;
    const cause = this.#failedBy.get(contact);
    this.#failedBy.delete(contact);
    this.#outcomes.take(event);
    if (answer !== undefined) add(this.answers, answer);
    if (code === 'opted_out') {
      this.optedOut += 1;
    } else if (outcome === 'failed') {
      addFailedCall(this.failures, detail, cause);
    }
  }

  #takeService(event: CampaignEvent): void {
    const paid = paidFor(event);
    if (paid !== undefined) this.usage.add(paid);
    switch (event.type) {
      case 'step.finished':
        this.records += event.step === 'record' ? 1 : 0;
        if (event.note !== undefined) {
          add(this.notes, keyAmong(this.notes, event.note, 'other notes'));
        }
        if (event.service !== undefined && event.kept !== true) {
          this.service(event.service, event.role).requests += 1;
        }
        break;
      case 'attempt.failed': {
        const service = this.service(event.service, event.role);
        service.requests += 1;
        service.failures += 1;
        break;
      }
      default:
    }
  }

  service(name: string, role: Role): ServiceTally {
    const known = this.#services.get(role, name);
    if (known !== undefined) return known;
    const fresh = { role, requests: 0, failures: 0, retries: 0 };
    this.#services.set(role, name, fresh);
    return fresh;
  }
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
