import { describe, expect, it } from 'vitest';
import { ServiceFailure } from '../../src/domain/failure.ts';
import { Chain } from '../../src/engine/fallback.ts';
import { guardLlm } from '../../src/engine/guarded.ts';
import type { Llm } from '../../src/engine/ports.ts';
import { writeScript } from '../../src/engine/steps.ts';
import { contactOf } from '../services/support.ts';
import { type Behaviour, EngineBench } from '../support/engine-bench.ts';
import { failure } from '../support/failures.ts';
import {
  GuardBench,
  MemoryOfBreakers,
  outcome,
  REPEATABLE,
  watched,
} from '../support/guard-bench.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const request = { contact: contactOf(), language: 'en', properties: {} };

function badAnswer(): ServiceFailure {
  return failure({ scope: 'request', code: 'bad_answer', status: undefined, retriesMax: 1 });
}

/** A chain of guarded models on one clock; each writes what it is told to. */
function models(clock: VirtualClock, answers: Readonly<Record<string, Partial<Llm>>>) {
  const asked: string[] = [];
  const benches = Object.entries(answers).map(([name, over]) => {
    const bench = new GuardBench({ service: name }, clock);
    const llm: Llm = {
      name,
      role: 'llm',
      probe: async () => {},
      ...over,
      write: (...args) => {
        asked.push(name);
        return over.write?.(...args) ?? Promise.resolve({ text: `from ${name}` });
      },
    };
    return { bench, llm: guardLlm(llm, bench.guard) };
  });
  const parts = { role: 'llm', clock, emit: () => {}, fallbackDelayMs: () => 2_000 } as const;
  const chain = new Chain(
    benches.map(({ llm }) => llm),
    parts,
  );
  const [first] = benches;
  const context = first?.bench.context() ?? (undefined as never);
  return { chain, context, asked, first: first?.bench };
}

describe('a text that cannot be spoken', () => {
  it('is asked for once more, then of the next; the service counts as well', async () => {
    const clock = new VirtualClock();
    const { chain, context, asked, first } = models(clock, {
      a: { write: () => Promise.reject(badAnswer()) },
      b: {},
    });
    const written = await clock.until(writeScript(chain, request, 900, context));
    expect(written).toEqual({ service: 'b', value: { text: 'from b' } });
    expect(asked).toEqual(['a', 'a', 'b']);
    expect(first?.guard.status().state).toBe('closed');
    expect(first?.of('attempt.failed').map(({ code }) => code)).toEqual([
      'bad_answer',
      'bad_answer',
    ]);
  });
});

describe('a refusal that nobody can place', () => {
  const refused = () => failure({ status: 400, code: 'http_400', retriesMax: 0 });

  it('costs one contact nothing where another service writes', async () => {
    const clock = new VirtualClock();
    const write = () => Promise.reject(refused());
    const { chain, context, asked, first } = models(clock, { a: { write }, b: {} });
    const written = await clock.until(writeScript(chain, request, 900, context));
    expect(written.service).toBe('b');
    expect(asked).toEqual(['a', 'b']);
    expect(first?.guard.status().state).toBe('closed');
  });

  it('opens the breaker before a list is burnt', async () => {
    const clock = new VirtualClock();
    const write = () => Promise.reject(refused());
    const { chain, context, asked, first } = models(clock, { a: { write } });
    const ends: unknown[] = [];
    for (let contact = 1; contact <= 10; contact += 1) {
      ends.push(await clock.until(writeScript(chain, request, 900, context).catch(String)));
    }
    expect(asked).toHaveLength(first?.guard.policies.circuitBreaker.failureThreshold ?? 0);
    expect(first?.guard.status().state).toBe('open');
    expect(ends.at(-1)).toContain('not available');
  });
});

describe('a row that every service refuses', () => {
  const flagged = () => failure({ scope: 'request', code: 'flagged', status: 400, retriesMax: 0 });
  const write: Behaviour['write'] = ({ contact }) => {
    if (contact.id === 'c2') throw flagged();
    return { text: `Hello ${contact.id}` };
  };

  it('is given up after three times, also as the last of the list: that is no outage', async () => {
    const bench = new EngineBench({ behaviour: { write } }).add(3);
    expect(await bench.run()).toBe('done');
    expect(bench.of('call.finished').filter(({ outcome }) => outcome === 'failed')).toMatchObject([
      { contact: 'c2', detail: 'refused 3 times: the service is down' },
    ]);
    expect(bench.clock.monotonicMs()).toBeLessThan(5 * 60_000);
    expect(bench.of('breaker.opened')).toEqual([]);
  });

  it('is given up by a run that has nobody else', async () => {
    const alone = new EngineBench({ behaviour: { write: () => Promise.reject(flagged()) } }).add(1);
    expect(await alone.run()).toBe('done');
    expect(alone.clock.monotonicMs()).toBeLessThan(5 * 60_000);
  });

  it('is kept while everybody is refused: it may be the settings', async () => {
    const behaviour = { write: () => Promise.reject(flagged()) };
    const bench = new EngineBench({ behaviour }).add(9);
    expect(await bench.run()).toBe('outage');
    expect(bench.of('call.finished')).toEqual([]);
    expect(bench.counts()).toMatchObject({ put_off: 9, done: 0 });
  });
});

describe('a service that has no text in a language', () => {
  const german = { ...request, language: 'de' };
  const only = (...languages: string[]) => ({
    writes: (language: string) => languages.includes(language),
    write: () =>
      Promise.reject(failure({ kind: 'permanent', scope: 'request', code: 'no_template' })),
  });

  it('is passed over where another has', async () => {
    const clock = new VirtualClock();
    const { chain, context, asked } = models(clock, { template: only('en'), a: {} });
    const written = await clock.until(writeScript(chain, german, 900, context));
    expect(written).toMatchObject({ service: 'a' });
    expect(asked).toEqual(['a']);
  });

  it('as the last resort leaves the failure to the one before', async () => {
    const clock = new VirtualClock();
    const write = () => Promise.reject(failure({ code: 'http_401', kind: 'permanent' }));
    const { chain, context } = models(clock, { a: { write }, template: only('en') });
    const seen = watched(writeScript(chain, german, 900, context));
    await clock.advance(60_000);
    expect(seen.outcome).toMatchObject({ code: 'http_401' });
  });

  it('says so itself where nobody has', async () => {
    const clock = new VirtualClock();
    const { chain, context } = models(clock, { template: only('en') });
    const seen = watched(writeScript(chain, german, 900, context));
    await clock.settle();
    expect(seen.outcome).toMatchObject({ code: 'no_template' });
  });
});

it('one account in two roles has a breaker for each, also in memory', async () => {
  const breakerMemory = new MemoryOfBreakers();
  const model = new GuardBench({ service: 'openai', role: 'llm', breakerMemory });
  const voice = new GuardBench({ service: 'openai', role: 'tts', breakerMemory });
  const down = failure({ kind: 'permanent', code: 'http_401' });
  await outcome(model.guard.run(REPEATABLE, model.context(), () => Promise.reject(down)));
  await voice.guard.run(REPEATABLE, voice.context(), () => Promise.resolve('spoken'));
  const restarted = (role: 'llm' | 'tts') =>
    new GuardBench({ service: 'openai', role, breakerMemory }).guard.status().state;
  expect([restarted('llm'), restarted('tts')]).toEqual(['open', 'closed']);
});

it('what a model was paid for is told with the step', async () => {
  const usage = { inputTokens: 120, outputTokens: 30 };
  const bench = new EngineBench({ behaviour: { write: () => ({ text: 'Hello', usage }) } }).add(1);
  await bench.run();
  const steps = bench.of('step.finished');
  expect(steps.map(({ step, usage: told }) => [step, told])).toEqual([
    ['script', usage],
    ['speech', undefined],
    ['dial', undefined],
    ['record', undefined],
  ]);
});

it('what a voice was paid for is told with the step, once for what is kept', async () => {
  const usage = { characters: 42 };
  const behaviour = {
    write: () => ({ text: 'Hello' }),
    speak: () => ({ wav: new Uint8Array(44), usage }),
  };
  const bench = new EngineBench({ behaviour }).add(2);
  await bench.run();
  const speeches = bench.of('step.finished').filter(({ step }) => step === 'speech');
  const told = speeches.map(({ kept = false, usage: paid }) => [kept, paid]);
  // Two lines asked for the same words at once; who is done first does not matter.
  expect(told).toHaveLength(2);
  expect(told).toContainEqual([false, usage]);
  expect(told).toContainEqual([true, undefined]);
});
