import { describe, expect, it } from 'vitest';
import { JournalFailure } from '../../src/domain/failure.ts';
import { GroupCommit } from '../../src/store/group-commit.ts';
import { WriteRefused } from '../../src/store/store-error.ts';

/** A disk that counts its commits and can be made to fail. */
function bench() {
  const flushes: (() => void)[] = [];
  const disk = { commits: 0, failure: undefined as Error | undefined };
  const commits = new GroupCommit({
    defer: (flush) => flushes.push(flush),
    transaction: (work) => {
      work();
      if (disk.failure !== undefined) throw disk.failure;
      disk.commits += 1;
    },
    describe: (error) => (error instanceof TypeError ? undefined : `no more: ${String(error)}`),
  });
  const flush = (): void => {
    for (const each of flushes.splice(0)) each();
  };
  return { commits, disk, flush, flushes };
}

describe('a group commit', () => {
  it('runs everything said meanwhile in order, in one commit', async () => {
    const { commits, disk, flush, flushes } = bench();
    const ran: number[] = [];
    const answers = [1, 2, 3].map((number) => commits.add(() => ran.push(number)));
    expect(ran).toEqual([]);
    expect(flushes).toHaveLength(1);
    flush();
    expect(await Promise.all(answers)).toEqual([1, 2, 3]);
    expect(ran).toEqual([1, 2, 3]);
    expect(disk.commits).toBe(1);
    flush();
    expect(disk.commits).toBe(1);
  });

  it('answers nobody before the commit', async () => {
    const { commits, flush } = bench();
    let answered = false;
    const answer = commits.add(() => 7).then(() => (answered = true));
    await Promise.resolve();
    expect(answered).toBe(false);
    flush();
    await answer;
    expect(answered).toBe(true);
  });

  it('tells a bug as a bug, and takes nothing after it', async () => {
    const { commits, flush } = bench();
    const bug = new TypeError('undefined is not a function');
    const answer = commits.add(() => {
      throw bug;
    });
    flush();
    await expect(answer).rejects.toBe(bug);
    await expect(commits.add(() => 1)).rejects.toBe(bug);
  });

  it('turns away one that does not fit and keeps the others', async () => {
    const { commits, flush } = bench();
    const first = commits.add(() => 'one');
    const second = commits.add(() => {
      throw new WriteRefused('taken over');
    });
    const third = commits.add(() => 'three');
    flush();
    await expect(second).rejects.toThrow('taken over');
    expect(await Promise.all([first, third])).toEqual(['one', 'three']);
    const fourth = commits.add(() => 'four');
    flush();
    expect(await fourth).toBe('four');
  });

  it('fails for good when a commit fails, with the reason', async () => {
    const { commits, disk, flush } = bench();
    disk.failure = new Error('disk full');
    const lost = [commits.add(() => 1), commits.add(() => 2)];
    flush();
    for (const each of lost) await expect(each).rejects.toBeInstanceOf(JournalFailure);
    disk.failure = undefined;
    await expect(commits.add(() => 3)).rejects.toThrow('no more: Error: disk full');
    await expect(commits.settled()).rejects.toBeInstanceOf(JournalFailure);
    flush();
    expect(disk.commits).toBe(0);
  });

  it('brings nothing down where nobody waits, and tells the next who does', async () => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown): void => {
      unhandled.push(reason);
    };
    process.on('unhandledRejection', listen);
    try {
      const { commits, disk, flush } = bench();
      disk.failure = new Error('disk full');
      void commits.add(() => 1);
      flush();
      void commits.add(() => 2);
      void commits.settled();
      await new Promise((resolve) => setImmediate(resolve));
      await expect(commits.add(() => 3)).rejects.toThrow('disk full');
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', listen);
    }
  });

  it('takes notes along, and drops one that does not fit the tables', async () => {
    const { commits, disk, flush } = bench();
    let noted = 0;
    commits.note(() => {
      throw Object.assign(new Error('datatype mismatch'), { errcode: 19 | (12 << 8) });
    });
    commits.note(() => {
      noted += 1;
    });
    flush();
    expect([noted, disk.commits]).toEqual([1, 1]);
    await commits.settled();
  });

  it('forgets what was on its way when it is abandoned', async () => {
    const { commits, disk, flush } = bench();
    void commits.add(() => 1);
    commits.abandon();
    flush();
    expect(disk.commits).toBe(0);
    await expect(commits.settled()).rejects.toBeInstanceOf(JournalFailure);
  });
});
