import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import { WorkerPool } from '../../../src/services/tts/worker-pool.ts';
import { failureOf, temporaryFolder } from '../support.ts';

/** Says back what it is told, with its thread's number; some words make it misbehave. */
const ECHO = `
import { parentPort, threadId } from 'node:worker_threads';
let count = 0;
parentPort.on('message', (word) => {
  if (word === 'throw') throw new Error('out of order');
  if (word === 'exit') process.exit(3);
  if (word === 'hang') for (;;);
  count += 1;
  parentPort.postMessage({ word, threadId, count });
});
`;

interface Echo {
  readonly word: string;
  readonly threadId: number;
  /** Of this thread. */
  readonly count: number;
}

const never = new AbortController().signal;

async function echoPool(workers: number, script = ECHO): Promise<WorkerPool<string, Echo>> {
  const path = join(await temporaryFolder(), 'echo.mjs');
  await writeFile(path, script);
  return new WorkerPool({ script: pathToFileURL(path), workers, service: 'parrot' });
}

describe('WorkerPool', () => {
  it('answers each with its own answer, in order, on one worker', async () => {
    await using pool = await echoPool(1);
    const words = Array.from({ length: 20 }, (_, index) => `word ${index}`);
    const answers = await Promise.all(words.map((word) => pool.run(word, never)));
    expect(answers.map(({ word }) => word)).toEqual(words);
    expect(answers.map(({ count }) => count)).toEqual(words.map((_, index) => index + 1));
    expect(new Set(answers.map(({ threadId }) => threadId)).size).toBe(1);
  });

  it('uses no more workers than it may, and no fewer where there is work', async () => {
    await using pool = await echoPool(3);
    const answers = await Promise.all(Array.from({ length: 30 }, () => pool.run('hello', never)));
    expect(new Set(answers.map(({ threadId }) => threadId)).size).toBe(3);
  });

  it.each(['throw', 'exit'])('survives a worker that dies by %s', async (word) => {
    await using pool = await echoPool(1);
    const before = await pool.run('hello', never);
    const dying = failureOf(pool.run(word, never));
    const waiting = pool.run('still here', never);
    expect(await dying).toMatchObject({
      kind: 'transient',
      scope: 'service',
      code: 'worker_died',
      message: expect.stringContaining('parrot') as string,
    });
    const after = await waiting;
    expect(after.word).toBe('still here');
    expect(after.threadId).not.toBe(before.threadId);
  });

  it('fails each request, but does not loop, where workers cannot even start', async () => {
    await using pool = await echoPool(2, 'throw new Error("no engine");');
    const failures = await Promise.all(
      ['a', 'b', 'c'].map((word) => failureOf(pool.run(word, never))),
    );
    expect(failures.map(({ message }) => message)).toEqual(
      failures.map(() => 'parrot: the voice died: no engine'),
    );
  });

  it('frees a worker that hangs as soon as nobody waits for it any more', async () => {
    const terminate = vi.spyOn(Worker.prototype, 'terminate');
    await using pool = await echoPool(1);
    const patience = new AbortController();
    const hanging = pool.run('hang', patience.signal);
    const waiting = pool.run('next', never);
    const reason = new Error('too late');
    patience.abort(reason);
    await expect(hanging).rejects.toBe(reason);
    expect((await waiting).word).toBe('next');
    expect(terminate).toHaveBeenCalledTimes(1);
  });

  it('takes a request out of the queue that nobody waits for any more', async () => {
    await using pool = await echoPool(1);
    const patience = new AbortController();
    const first = pool.run('first', never);
    const dropped = pool.run('dropped', patience.signal);
    const last = pool.run('last', never);
    patience.abort();
    await expect(dropped).rejects.toBe(patience.signal.reason);
    expect((await first).count).toBe(1);
    expect((await last).count).toBe(2);
  });

  it('does not begin what is given up already', async () => {
    await using pool = await echoPool(1);
    await expect(pool.run('hello', AbortSignal.abort('gone'))).rejects.toBe('gone');
    expect((await pool.run('hello', never)).count).toBe(1);
  });

  it('ends its workers and refuses what is left when it is closed', async () => {
    const pool = await echoPool(1);
    const running = failureOf(pool.run('hang', never));
    const waiting = failureOf(pool.run('hello', never));
    await pool[Symbol.asyncDispose]();
    expect((await running).code).toBe('closed');
    expect((await waiting).code).toBe('closed');
    expect((await failureOf(pool.run('hello', never))).code).toBe('closed');
  });

  it('leaves no listener on a signal that outlives the request', async () => {
    await using pool = await echoPool(1);
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    await pool.run('hello', signal);
    await failureOf(pool.run('throw', signal));
    expect(listeners).toBe(0);
  });
});
