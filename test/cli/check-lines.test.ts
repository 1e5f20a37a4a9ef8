/** What the story of a simulation says of health checks. */
import { describe, expect, it } from 'vitest';
import { CheckLines } from '../../src/cli/check-lines.ts';

const place = { service: 'elevenlabs', role: 'tts' } as const;

/** Told at one second after the other, from 1; each check takes so many seconds. */
function linesOf(...what: readonly ('opens' | 'good' | 'bad' | 'slowly good')[]): string[] {
  const lines = new CheckLines([place]);
  lines.follow({ type: 'health.changed', ...place, health: 'unhealthy' }, 0);
  return what.flatMap((one, index) => {
    const wallMs = 1_000 * (index + 1);
    if (one === 'opens') {
      const failure = { kind: 'transient', code: 'http_503', message: 'x' } as const;
      lines.follow({ type: 'breaker.opened', ...place, openMs: 1, ...failure }, wallMs);
      return [];
    }
    const begunMs = wallMs - (one === 'slowly good' ? 1_500 : 500);
    const check = { isGood: one !== 'bad', wallMs, begunMs, frees: false };
    const text = lines.textOf(place, check) ?? '';
    return [text.replace('elevenlabs: its health check ', '')];
  });
}

describe('health checks in a row', () => {
  it('are counted from each change', () => {
    const told = ['fails again', 'is good', 'is good, 2 in a row', 'fails again'];
    expect(linesOf('bad', 'good', 'good', 'bad')).toEqual(told);
  });

  it('count from the opening of the breaker, as they do for it', () => {
    const anew = 'is good, the first since it was left alone';
    expect(linesOf('good', 'opens', 'good', 'good')).toEqual([
      'is good',
      anew,
      'is good, 2 in a row',
    ]);
    expect(linesOf('bad', 'opens', 'bad', 'good')).toEqual([
      'fails again',
      'fails again, 2 in a row',
      'is good',
    ]);
  });

  it('do not count where they began before it', () => {
    expect(linesOf('opens', 'slowly good', 'good')).toEqual([
      'is good, begun before it was left alone',
      'is good, the first since it was left alone',
    ]);
  });
});
