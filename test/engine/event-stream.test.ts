import { describe, expect, it } from 'vitest';
import type { CampaignEvent } from '../../src/domain/event.ts';
import { EventStream } from '../../src/engine/event-stream.ts';
import { EVERY_EVENT } from '../support/every-event.ts';

const notice: CampaignEvent = { type: 'notice', level: 'info', code: 'test', message: 'one' };

describe('the event stream', () => {
  it('tells every view every event, in order', () => {
    const events = new EventStream(() => expect.unreachable());
    const first: CampaignEvent[] = [];
    const second: CampaignEvent[] = [];
    events.listen('first', (event) => first.push(event));
    for (const event of EVERY_EVENT) events.emit(event);
    events.listen('second', (event) => second.push(event));
    events.emit(notice);
    expect(first).toEqual([...EVERY_EVENT, notice]);
    expect(second).toEqual([notice]);
  });

  it('leaves out a view that throws, reports it once, and tells the others', () => {
    const faults: [string, unknown][] = [];
    const events = new EventStream((view, error) => faults.push([view, error]));
    const told: string[] = [];
    let taken = 0;
    const fault = new Error('a bug of a view');
    events.listen('before', () => told.push('before'));
    events.listen('broken', () => {
      taken += 1;
      throw fault;
    });
    events.listen('after', () => told.push('after'));
    for (let time = 0; time < 3; time += 1) events.emit(notice);
    expect(taken).toBe(1);
    expect(faults).toEqual([['broken', fault]]);
    expect(told).toEqual(Array(3).fill(['before', 'after']).flat());
  });

  it('never throws, also where the report does', () => {
    const events = new EventStream(() => {
      throw new Error('the screen is gone');
    });
    let told = 0;
    events.listen('broken', () => {
      throw new Error('a bug of a view');
    });
    events.listen('whole', () => {
      told += 1;
    });
    expect(() => events.emit(notice)).not.toThrow();
    expect(told).toBe(1);
  });

  it('takes an event from a view that is being told', () => {
    const events = new EventStream(() => expect.unreachable());
    const seen: string[] = [];
    events.listen('answers', (event) => {
      if (event.type === 'breaker.half_open') events.emit(notice);
    });
    events.listen('last', ({ type }) => seen.push(type));
    events.emit({ type: 'breaker.half_open', service: 'flite', role: 'tts' });
    expect(seen).toEqual(['notice', 'breaker.half_open']);
  });
});
