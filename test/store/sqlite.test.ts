import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { JournalFailure } from '../../src/domain/failure.ts';
import { STAGES } from '../../src/engine/ports.ts';
import { Connection } from '../../src/store/connection.ts';
import { openStore, type Store } from '../../src/store/sqlite.ts';
import { openReports } from '../../src/store/sqlite-reports.ts';
import { explained, StoreError } from '../../src/store/store-error.ts';
import {
  CAMPAIGN,
  claimed,
  contactOf,
  defer,
  entries,
  temporaryFolder,
} from '../store-conformance/subjects.ts';

/** What SQLite answers to PRAGMA synchronous. */
const NORMAL = 1;
const FULL = 2;

let folder: ReturnType<typeof temporaryFolder>;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder.path, 'data', 'campaign.db');
});
afterEach(() => folder.remove());

const open = (pagesMax?: number): Store => openStore({ path, defer, pagesMax });

/** Lets `work` at the file with SQLite, nothing of ours in between. */
function raw<Value>(work: (database: DatabaseSync) => Value, at = path): Value {
  const database = new DatabaseSync(at);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

function failure(work: () => unknown): StoreError {
  try {
    work();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error('it should have failed');
}

describe('opening the store', () => {
  it('makes the folder and the database, and finds it again', () => {
    open().journal(CAMPAIGN);
    expect(existsSync(path)).toBe(true);
    using store = open();
    store.contacts(CAMPAIGN, { sameNumber: 'reject' }).add([contactOf('c1')]);
    using reports = openReports({ path });
    expect(reports.campaigns()).toMatchObject([{ campaign: CAMPAIGN, contacts: { total: 1 } }]);
  });

  it('writes ahead and syncs every commit', () => {
    using store = open();
    store.journal(CAMPAIGN);
    expect(raw((database) => database.prepare('PRAGMA journal_mode').get())).toEqual({
      journal_mode: 'wal',
    });
  });

  it('syncs every commit, also after a list was taken in without that', () => {
    const connection = new Connection(path);
    const synchronous = () =>
      Object.values(connection.prepare('PRAGMA synchronous').get() ?? {})[0];
    try {
      expect(synchronous()).toBe(FULL);
      connection.bulk(() => expect(synchronous()).toBe(NORMAL));
      expect(synchronous()).toBe(FULL);
    } finally {
      connection.close();
    }
  });

  it('refuses a database of a newer version, and leaves it alone', () => {
    open().close();
    raw((database) => database.exec('PRAGMA user_version = 1000'));
    for (const opening of [() => open(), () => openReports({ path })]) {
      const { kind, message } = failure(opening);
      expect(kind).toBe('newer');
      expect(message).toContain(`the database ${path} was written by a newer version of campaign`);
      expect(message).toMatch(/\(schema 1000, this one knows \d+\)/);
    }
    expect(raw((database) => database.prepare('PRAGMA user_version').get())).toEqual({
      user_version: 1000,
    });
  });

  it('keeps fallbacks that an earlier version told under the key by which they end', () => {
    open().close();
    const text = { title: 't', what: 'w', doing: 'd', toDo: 'y', affected: 3, sinceMs: 1.5 };
    const about = { kind: 'raised', severity: 'warning', campaign: 'spring', service: 'flite' };
    const old = { key: 'service:flite:fallback:tts', ...about, ...text };
    const other = { ...old, key: 'service:flite:slow:tts' };
    raw((database) => {
      const insert = database.prepare('INSERT INTO alert (key, alert) VALUES (?, ?)');
      for (const alert of [old, other]) insert.run(alert.key, JSON.stringify(alert));
      const owed = database.prepare(`
        INSERT INTO owed_alert (id, channel, alert, owed_ms, refusals)
        VALUES (?, 'email', ?, 1, 0)`);
      for (const [id, alert] of [old, other].entries()) owed.run(`${id}`, JSON.stringify(alert));
      database.exec('DROP TABLE cut_off; PRAGMA user_version = 15');
    });
    using store = open();
    const now = { ...old, key: 'campaign:spring:fallback:flite:tts' };
    const kept = store.alerts.load();
    expect(kept.open).toEqual([now, other]);
    expect(kept.owed.map(({ alert }) => alert)).toEqual([now, other]);
    const keys = raw((database) => database.prepare('SELECT key FROM alert ORDER BY key').all());
    expect(keys).toEqual([{ key: now.key }, { key: other.key }]);
  });

  it('refuses the database of another program', () => {
    open().close();
    const other = `${path}.other`;
    raw((database) => database.exec('CREATE TABLE addresses (name TEXT)'), other);
    const { kind, message } = failure(() => openStore({ path: other, defer }));
    expect(kind).toBe('not_a_database');
    expect(message).toContain('belongs to another program');
    expect(failure(() => openReports({ path: other })).kind).toBe('not_a_database');
  });

  it('refuses a file that is no database', () => {
    const file = join(folder.path, 'list.csv');
    writeFileSync(file, 'phone,name\n'.repeat(200));
    for (const opening of [
      () => openStore({ path: file, defer }),
      () => openReports({ path: file }),
    ]) {
      const { kind, message } = failure(opening);
      expect(kind).toBe('not_a_database');
      expect(message).toContain(file);
      expect(message).toContain('store.path');
    }
    expect(readFileSync(file, 'utf8')).toMatch(/^phone,name/);
  });

  it('says where its folder cannot be made', () => {
    writeFileSync(join(folder.path, 'data'), '');
    const { kind, message } = failure(() => open());
    expect(kind).toBe('not_writable');
    expect(message).toContain(path);
  });

  it('says that the database is a folder', () => {
    const { kind } = failure(() => openStore({ path: folder.path, defer }));
    expect(kind).toBe('not_writable');
  });

  it('tells a reader that there is none yet, and makes none', () => {
    const { kind, message } = failure(() => openReports({ path }));
    expect(kind).toBe('missing');
    expect(message).toContain('campaign run');
    expect(existsSync(path)).toBe(false);
  });

  it('takes an empty file for a database that is yet to be made', () => {
    const file = join(folder.path, 'empty.db');
    writeFileSync(file, '');
    using reports = openReports({ path: file });
    expect(reports.campaigns()).toEqual([]);
  });

  it('is made once when several processes open it at the same moment', async () => {
    const module = fileURLToPath(new URL('../../src/store/sqlite.ts', import.meta.url));
    const script = `
      import { openStore } from ${JSON.stringify(module)};
      const store = openStore({ path: process.argv[1], defer: setImmediate });
      for (let n = 0; n < 20; n += 1) store.journal('c' + process.argv[2] + '-' + n);
      store.journal('shared');
      store.close();
    `;
    const children = Array.from({ length: 4 }, (_, index) =>
      spawn(process.execPath, ['--input-type=module', '-e', script, path, String(index)], {
        stdio: 'inherit',
      }),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
    expect(codes).toEqual([0, 0, 0, 0]);
    using reports = openReports({ path });
    expect(reports.campaigns()).toHaveLength(4 * 20 + 1);
  });

  it.each([
    [13, 'disk_full', /the disk is full/],
    [8 | (1 << 8), 'read_only', /read-only/],
    [5 | (1 << 8), 'busy', /kept locked by another program/],
    [10 | (3 << 8), 'failed', /the disk reports an error/],
    [11, 'damaged', /is damaged/],
    [1, 'failed', /answered with an error \(as SQLite says\)/],
  ])('puts result code %i into words', (errcode, kind, words) => {
    const error = explained(Object.assign(new Error('as SQLite says'), { errcode }), path);
    expect(error).toMatchObject({ kind });
    expect(String(error)).toMatch(words);
    expect(String(error)).toContain(path);
  });

  it('leaves a bug a bug', () => {
    const bug = new TypeError('a bug');
    expect(explained(bug, path)).toBe(bug);
  });
});

describe('a full disk', () => {
  const long = { variables: { note: 'x'.repeat(2_000) } };
  const rows = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => contactOf(`c${from + index}`, long));

  it('stops the journal for good and keeps what was acknowledged', async () => {
    open().close();
    const store = open(60);
    store.contacts(CAMPAIGN, { sameNumber: 'allow' }).add(rows(0, 20));
    const journal = store.journal(CAMPAIGN);
    const { key } = await claimed(journal.claim(STAGES, 0, 'call-1'));
    await journal.write(key, entries.scriptEnded());
    const unheard = (atMs: number) =>
      journal.write(key, { ...entries.scriptEnded(atMs), text: 'y'.repeat(300_000) });
    void unheard(20);
    await expect(journal.write(key, entries.attemptBegun())).rejects.toThrow(JournalFailure);
    await expect(journal.settled()).rejects.toThrow(/the disk is full.*kept/);
    await expect(journal.write(key, entries.attemptBegun())).rejects.toThrow(path);
    await expect(journal.claim(STAGES, 0, 'call-2')).rejects.toThrow(JournalFailure);
    store.close();

    using later = open();
    const after = later.journal(CAMPAIGN);
    expect(after.recover(0)).toBe(1);
    const again = await claimed(after.claim(STAGES, 0, 'call-3'));
    expect(again).toMatchObject({
      key: { call: 'call-1' },
      finished: { script: { text: 'Good morning' } },
      attempts: [],
    });
  });

  it('stops taking in a list, with all of a batch or nothing of it', () => {
    open().close();
    using store = open(60);
    const sink = store.contacts(CAMPAIGN, { sameNumber: 'allow' });
    sink.add(rows(0, 20));
    expect(failure(() => sink.add(rows(20, 200))).kind).toBe('disk_full');
    expect(store.journal(CAMPAIGN).counts()).toMatchObject({ total: 20, queued: 20 });
  });
});

describe('the statements of journal and intake', () => {
  it('read index entries only, however long the list is', () => {
    const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare');
    using store = open();
    store.journal(CAMPAIGN);
    store.contacts(CAMPAIGN, { sameNumber: 'reject' });
    const statements = prepare.mock.calls.map(([sql]) => sql.trim());
    prepare.mockRestore();
    const plans = statements
      .filter(
        (sql) => /^(SELECT|UPDATE)/.test(sql) && / contact | call | step | attempt /.test(sql),
      )
      .map((sql) => [sql, planOf(sql)] as const);
    expect(plans.length).toBeGreaterThan(20);
    // Taking out who is not on the list looks at everybody in the queue, once a reading; whose a
    // vendor's reference is, and who else may have been rung, is asked when an answer was lost.
    const seldom = /seen <>|SELECT (1|begun_ms) FROM attempt/;
    const slow = plans.filter(([sql, plan]) => !seldom.test(sql) && /SCAN|TEMP/.test(plan));
    expect(slow).toEqual([]);
    expect(plans.filter(([, plan]) => plan.includes('contact_ready')).length).toBeGreaterThan(1);
  });

  function planOf(sql: string): string {
    return raw((database) =>
      database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map(({ detail }) => String(detail))
        .join('; '),
    );
  }
});
