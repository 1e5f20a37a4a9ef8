// A process of its own that writes to a log which others write to as well.
// Arguments: the file, a name, how many lines.

import { realClock } from '../../src/cli/world.ts';
import { openAppLog } from '../../src/observers/app-log.ts';

const [file = '', name = '', lines = '0'] = process.argv.slice(2);
using log = openAppLog({
  file,
  level: 'info',
  maxSizeBytes: 20_000,
  keep: 1000,
  services: [],
  campaign: name,
  clock: realClock(),
  onProblem: (message) => {
    throw new Error(message);
  },
});
for (let number = 0; number < Number(lines); number++) {
  log.take({ type: 'notice', level: 'info', code: 'test', message: `${name} ${number}` });
}
