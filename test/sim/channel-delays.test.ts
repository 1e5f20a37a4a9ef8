import { describe, expect, it } from 'vitest';
import { delaysBetween } from '../../src/sim/channel-delays.ts';
import { SightingLog } from '../support/sighting-log.ts';

const began = () => new SightingLog().at(1_000).exchange('write');
const logOf = (on: SightingLog) => on.seen().log;

describe('the same day with channels that work', () => {
  it('goes on as it did', () => {
    const late = began().at(3_000).exchange('speak');
    const sound = began().at(2_000).exchange('speak');
    expect(delaysBetween(logOf(late), logOf(late))).toEqual([]);
    expect(delaysBetween(logOf(late), logOf(sound))).toHaveLength(1);
  });

  it('is another one once a run was killed, be it one beside', () => {
    const beside = began().at(1_500).began().killed();
    const log = logOf(beside);
    const sound = logOf(began().at(2_000).exchange('speak'));
    expect(delaysBetween(log, sound)).toEqual([]);
  });
});
