import { describe, expect, it } from 'vitest';
import { faultAt, type Outage } from '../../src/sim/outage.ts';

const voice = { role: 'tts', service: 'openai' } as const;

function outage(fields: Partial<Outage>): Outage {
  return {
    name: 'openai',
    places: [voice],
    startMs: 1000,
    endMs: 2000,
    fault: { type: '503' },
    ...fields,
  };
}

describe('what is wrong with a service', () => {
  it.each([
    [999, undefined],
    [1000, { type: '503' }],
    [1999, { type: '503' }],
    [2000, undefined],
  ])('at %s ms', (nowMs, fault) => {
    expect(faultAt([outage({})], voice, nowMs)).toEqual(fault);
  });

  it('is wrong in that role only', () => {
    expect(faultAt([outage({})], { role: 'llm', service: 'openai' }, 1500)).toBeUndefined();
    expect(faultAt([outage({})], { role: 'tts', service: 'flite' }, 1500)).toBeUndefined();
  });

  it('is what was named last, while that lasts', () => {
    const both = [outage({}), outage({ endMs: 1500, fault: { type: 'timeout' } })];
    expect(faultAt(both, voice, 1200)).toEqual({ type: 'timeout' });
    expect(faultAt(both, voice, 1700)).toEqual({ type: '503' });
  });
});
