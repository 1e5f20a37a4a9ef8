import { describe, expect, it } from 'vitest';
import { TrunkWatch } from '../../src/domain/trunk-watch.ts';

const SILENT = { isOver: false, hasRung: false, word: undefined, isHeard: false };
const MUTE = { isOver: true, hasRung: false, word: { cause: 19 }, isHeard: false };
const RUNG = { isOver: true, hasRung: true, word: { cause: 16 }, isHeard: true };
const NEVER_RINGS = { code: 'never_rings' };

/** Five numbers have never rung, and that was said. */
function muteTrunk(): TrunkWatch {
  const watch = new TrunkWatch('asterisk-ami');
  for (const phone of ['1', '2', '3', '4', '5']) {
    watch.begun(SILENT, phone);
    watch.over(MUTE, phone);
  }
  expect(() => watch.admit('0')).toThrow(expect.objectContaining(NEVER_RINGS));
  return watch;
}

describe('a trunk on which nothing rings any more', () => {
  it('a call that began before and ends only now does not prove that it does', () => {
    const watch = muteTrunk();
    watch.over(RUNG, '0');
    expect(watch.begun(SILENT, '6')).toMatchObject({ ...NEVER_RINGS, kind: 'unknown' });
    expect(watch.begun(MUTE, '7')).toMatchObject({ ...NEVER_RINGS, kind: 'permanent' });
  });

  it('a call that tried it and rang does', () => {
    const watch = muteTrunk();
    watch.begun(SILENT, '6');
    watch.over(RUNG, '6');
    expect(watch.begun(SILENT, '7')).toBeUndefined();
    expect(watch.begun(MUTE, '8')).toBeUndefined();
  });

  it('a call that tried it and rang does, also where its placing was given up before', () => {
    const watch = muteTrunk();
    watch.admit('6');
    watch.over(RUNG, '6');
    expect(watch.begun(SILENT, '7')).toBeUndefined();
  });

  it('what proved it once is no proof the next time', () => {
    const watch = muteTrunk();
    watch.begun(SILENT, '6');
    watch.begun(SILENT, '7');
    watch.over(RUNG, '6');
    for (const phone of ['1', '2', '3', '4', '5']) watch.over(MUTE, phone);
    watch.over(RUNG, '7');
    expect(watch.begun(SILENT, '8')).toMatchObject(NEVER_RINGS);
  });
});
