import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireRunLock, isRunLockHeld, lockPath, type RunLock } from '../../src/store/lock.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { temporaryFolder } from '../store-conformance/subjects.ts';

const HOLDER = `
  import { acquireRunLock } from ${JSON.stringify(
    new URL('../../src/store/lock.ts', import.meta.url).href,
  )};
  const lock = acquireRunLock(JSON.parse(process.argv[1]));
  process.stdout.write(lock === 'held' ? 'held' : 'taken');
  setInterval(() => lock, 1000);
`;

function taken(lock: RunLock | 'held'): RunLock {
  if (lock === 'held') throw new Error('the lock is held');
  return lock;
}

describe('the lock of a campaign', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let options: { store: string; campaign: string };

  beforeEach(() => {
    folder = temporaryFolder();
    options = { store: join(folder.path, 'campaign.db'), campaign: 'spring' };
  });
  afterEach(() => folder.remove());

  it('is the same for a store that is reached through a link', () => {
    writeFileSync(options.store, '');
    const link = join(folder.path, 'link.db');
    symlinkSync(options.store, link);
    const lock = taken(acquireRunLock(options));
    expect(acquireRunLock({ ...options, store: link })).toBe('held');
    lock.release();
  });

  it.each([
    ['another folder', '../disk/campaign.db'],
    ['a link that leads nowhere yet either', 'second.db'],
  ])('is the same before and after a store is made through a link into %s', (_what, target) => {
    const { path } = folder;
    mkdirSync(join(path, 'data'));
    mkdirSync(join(path, 'disk'));
    symlinkSync(target, join(path, 'data/first.db'));
    symlinkSync(join(path, 'disk/campaign.db'), join(path, 'data/second.db'));
    const linked = { ...options, store: join(path, 'data/first.db') };
    using lock = taken(acquireRunLock(linked));
    expect(acquireRunLock(linked)).toBe('held');
    writeFileSync(linked.store, '');
    expect(existsSync(join(path, 'disk/campaign.db'))).toBe(true);
    expect(acquireRunLock(linked)).toBe('held');
    expect(isRunLockHeld(linked)).toBe(true);
    expect(lock).toBeDefined();
  });

  it('cannot be made where links lead in a circle, or into no folder', () => {
    const { path } = folder;
    symlinkSync(join(path, 'b.db'), join(path, 'a.db'));
    symlinkSync(join(path, 'a.db'), join(path, 'b.db'));
    symlinkSync(join(path, 'not/there.db'), join(path, 'c.db'));
    expect(() => acquireRunLock({ ...options, store: join(path, 'c.db') })).toThrow(StoreError);
    expect(existsSync(join(path, 'not'))).toBe(false);
    using lock = taken(acquireRunLock({ ...options, store: join(path, 'a.db') }));
    expect(lock).toBeDefined();
  });

  it('is held by one, and free again once released', () => {
    expect(isRunLockHeld(options)).toBe(false);
    expect(existsSync(lockPath(options.store, options.campaign))).toBe(false);
    const lock = taken(acquireRunLock(options));
    expect(acquireRunLock(options)).toBe('held');
    expect(isRunLockHeld(options)).toBe(true);
    lock.release();
    lock.release();
    expect(isRunLockHeld(options)).toBe(false);
    using again = taken(acquireRunLock(options));
    expect(again).toBeDefined();
  });

  it('lets another campaign run beside it', () => {
    using one = taken(acquireRunLock(options));
    using other = taken(acquireRunLock({ ...options, campaign: 'autumn' }));
    expect(one).not.toBe(other);
  });

  it('is not disturbed by somebody who looks', () => {
    using lock = taken(acquireRunLock(options));
    for (let count = 0; count < 3; count += 1) expect(isRunLockHeld(options)).toBe(true);
    expect(acquireRunLock(options)).toBe('held');
    expect(lock).toBeDefined();
  });

  it('holds against another process, and a kill -9 leaves nothing behind', async () => {
    const args = ['--input-type=module', '-e', HOLDER, JSON.stringify(options)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [said] = await once(child.stdout, 'data');
      expect(String(said)).toBe('taken');
      expect(acquireRunLock(options)).toBe('held');
      expect(isRunLockHeld(options)).toBe(true);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    using lock = taken(acquireRunLock(options));
    expect(lock).toBeDefined();
  });

  it('says where it cannot be made', () => {
    writeFileSync(join(folder.path, 'file'), '');
    const store = join(folder.path, 'file', 'campaign.db');
    expect(() => acquireRunLock({ ...options, store })).toThrow(StoreError);
    expect(() => acquireRunLock({ ...options, store })).toThrow(/file.campaign\.db.*cannot be/);
  });

  it.each([
    ['spring', 'campaign.db.spring.lock'],
    ['Spring', 'campaign.db.%53pring.lock'],
    ['a/b', 'campaign.db.a%2fb.lock'],
    ['a%2fb', 'campaign.db.a%252fb.lock'],
    ['..', 'campaign.db.%2e%2e.lock'],
    ['ä', 'campaign.db.%c3%a4.lock'],
  ])('names the file of %s safely', (campaign, name) => {
    expect(lockPath('campaign.db', campaign)).toBe(name);
  });

  it('keeps long names apart, and short enough for a file system', () => {
    const long = 'é'.repeat(200);
    const paths = [long, `${long}1`, `${long}2`].map((name) => lockPath('campaign.db', name));
    expect(new Set(paths).size).toBe(3);
    for (const path of paths) expect(basename(path).length).toBeLessThan(200);
    expect(acquireRunLock({ ...options, campaign: long })).not.toBe('held');
  });
});
