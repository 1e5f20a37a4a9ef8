import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Contact } from '../../src/domain/contact.ts';
import type { UsageCount } from '../../src/domain/usage.ts';
import type {
  AlertMemory,
  BreakerMemory,
  Claim,
  ContactSink,
  JournalEntry,
  RowMemory,
} from '../../src/engine/ports.ts';
import type { CampaignJournal } from '../../src/store/campaign-journal.ts';
import { MemoryDisk, openMemoryStore } from '../../src/store/memory.ts';
import type { OptOuts } from '../../src/store/opt-outs.ts';
import type { Settled, Settlement } from '../../src/store/settlement.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { openReports } from '../../src/store/sqlite-reports.ts';

export const CAMPAIGN = 'spring';

/** One process's view of a store; all of one `Subject` share a disk. */
export interface Opened {
  readonly breakers: BreakerMemory;
  readonly alerts: AlertMemory;
  readonly optOuts: OptOuts;
  journal(campaign?: string): CampaignJournal;
  contacts(sameNumber?: 'reject' | 'allow', campaign?: string): ContactSink;
  rows(campaign?: string): RowMemory;
  settle(settlement: Settlement): Settled;
  resultsBytes(): number;
  noteUsage(count: UsageCount, campaign?: string): void;
  usage(campaign?: string): readonly UsageCount[];
}

/** A kind of store under test, on a fresh disk. */
export interface Subject {
  /** Opens the disk once more, as another process would. */
  open(): Opened;
  close(): void;
}

export const defer = (flush: () => void): void => {
  setImmediate(flush);
};

export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'campaign-store-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

function sqliteSubject(): Subject {
  const folder = temporaryFolder();
  const path = join(folder.path, 'campaign.db');
  const stores: Disposable[] = [];
  return {
    open: () => {
      const store = openStore({ path, defer });
      stores.push(store);
      return {
        breakers: store.breakers,
        alerts: store.alerts,
        optOuts: store.optOuts,
        journal: (campaign = CAMPAIGN) => store.journal(campaign),
        contacts: (sameNumber = 'reject', campaign = CAMPAIGN) =>
          store.contacts(campaign, { sameNumber }),
        rows: (campaign = CAMPAIGN) => store.rows(campaign),
        settle: (settlement) => store.settle(settlement),
        resultsBytes: () => {
          using reports = openReports({ path });
          return reports.resultsBytes(CAMPAIGN);
        },
        noteUsage: (count, campaign = CAMPAIGN) => store.noteUsage({ campaign, ...count }),
        usage: (campaign = CAMPAIGN) => {
          using reports = openReports({ path });
          return reports.usage(campaign);
        },
      };
    },
    close: () => {
      for (const store of stores) store[Symbol.dispose]();
      folder.remove();
    },
  };
}

function memorySubject(): Subject {
  const disk = new MemoryDisk();
  return {
    open: () => {
      const store = openMemoryStore({ disk, defer });
      return {
        breakers: store.breakers,
        alerts: store.alerts,
        optOuts: store.optOuts,
        journal: (campaign = CAMPAIGN) => store.journal(campaign),
        contacts: (sameNumber = 'reject', campaign = CAMPAIGN) =>
          store.contacts(campaign, { sameNumber }),
        rows: (campaign = CAMPAIGN) => store.rows(campaign),
        settle: (settlement) => store.settle(settlement),
        resultsBytes: () => store.resultsBytes(CAMPAIGN),
        noteUsage: (count, campaign = CAMPAIGN) => store.noteUsage({ campaign, ...count }),
        usage: (campaign = CAMPAIGN) => store.usage(campaign),
      };
    },
    close: () => {},
  };
}

export const SUBJECTS = [
  ['sqlite', sqliteSubject],
  ['memory', memorySubject],
] as const;

export function contactOf(id: string, change: Partial<Contact> = {}): Contact {
  const number = Number(/\d+/.exec(id)?.[0] ?? 0);
  return {
    id,
    name: `Person ${id}`,
    phone: `+1415555${String(100 + (number % 100)).padStart(4, '0')}`,
    language: undefined,
    timezone: undefined,
    email: undefined,
    variables: {},
    line: number + 1,
    ...change,
  };
}

type Of<Type extends JournalEntry['type']> = Extract<JournalEntry, { type: Type }>;

/** Entries as a processor writes them, with what a test does not care about filled in. */
export const entries = {
  scriptEnded: (atMs = 20): Of<'script.ended'> => ({
    type: 'script.ended',
    text: 'Good morning',
    service: 'template',
    atMs,
  }),
  speechEnded: (atMs = 30): Of<'speech.ended'> => ({
    type: 'speech.ended',
    hash: 'abc',
    service: 'flite',
    atMs,
  }),
  attemptBegun: (attempt = 1, atMs = 40): Of<'attempt.begun'> => ({
    type: 'attempt.begun',
    attempt,
    service: 'twilio',
    atMs,
  }),
  attemptEnded: (
    result: Of<'attempt.ended'>['result'],
    attempt = 1,
    atMs = 50,
  ): Of<'attempt.ended'> => ({ type: 'attempt.ended', attempt, result, atMs }),
  callEnded: (outcome: Of<'call.ended'>['outcome'] = 'answered', atMs = 60): Of<'call.ended'> => ({
    type: 'call.ended',
    outcome,
    detail: 'as the vendor said',
    service: 'twilio',
    atMs,
  }),
  unasked: (): Of<'call.ended'> => ({ ...entries.callEnded('uncertain'), unasked: true }),
  recordBegun: (atMs = 60): Of<'step.begun'> => ({ type: 'step.begun', step: 'record', atMs }),
  recordEnded: (bytes?: number, atMs = 70): Of<'record.ended'> => ({
    type: 'record.ended',
    service: 'csv',
    bytes,
    atMs,
  }),
  recordRefused: (reason = 'the CRM refused the record'): Of<'record.refused'> => ({
    type: 'record.refused',
    reason,
  }),
  putOff: (dueMs: number, behind = false, rounds = 0): Of<'put_off'> => ({
    recall: false,
    type: 'put_off',
    dueMs,
    reason: 'waits for flite',
    behind,
    rounds,
  }),
  turnedAway: (dueMs: number): Of<'put_off'> => ({ ...entries.putOff(dueMs), recall: true }),
  released: { type: 'released' } as const,
};

/** The claim, where there has to be one. */
export async function claimed(claim: Promise<Claim | undefined>): Promise<Claim> {
  const answer = await claim;
  if (answer === undefined) throw new Error('nobody was there to be claimed');
  return answer;
}
