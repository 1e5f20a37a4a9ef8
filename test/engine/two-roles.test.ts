import { describe, expect, it } from 'vitest';
import { EngineBench } from '../support/engine-bench.ts';
import { failure } from '../support/failures.ts';

const SECONDS = 1_000;

describe('an account that writes and speaks', () => {
  it('gives nobody up for its voice because its texts get through', async () => {
    const mute = failure({ scope: 'request', retriesMax: 0 });
    const bench: EngineBench = new EngineBench({
      voice: 'template',
      policy: { lines: 1, outageWaitMs: 600 * SECONDS },
      behaviour: {
        // While the first one goes round, there is always somebody else who gets a text.
        write: async ({ contact }) => {
          if (contact.id !== 'c1') await bench.clock.sleep(12 * SECONDS);
          return { text: contact.id };
        },
        speak: (_request, _context, count) => {
          if (count < 40) bench.add(1 + count);
          throw mute;
        },
      },
    }).add(1);
    expect(await bench.run()).toBe('outage');
    expect(bench.counts().total).toBeGreaterThan(5);
    expect(bench.counts().done).toBe(0);
  });
});
