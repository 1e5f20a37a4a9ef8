/** What a hunt needs of the root, for tests. */
import { worldComposer } from '../../src/cli/simulated-engine.ts';
import type { HuntOptions } from '../../src/sim/hunt.ts';
import { memoryDisk } from '../../src/sim/hunt-disk.ts';

/** Two plays in memory. */
export function huntOptions(changes: Partial<HuntOptions> = {}): HuntOptions {
  return {
    make: worldComposer(),
    disks: () => [memoryDisk, memoryDisk],
    defer: quickly(),
    ...changes,
  };
}

/** Much faster than setImmediate, which is let in now and then, so that a test can time out. */
function quickly(): (task: () => void) => void {
  let turns = 0;
  return (task) => {
    turns += 1;
    if (turns % 1024 === 0) setImmediate(task);
    else process.nextTick(task);
  };
}

export function seedsFrom(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
