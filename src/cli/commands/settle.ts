/**
 * `campaign settle`: what a person found out about an uncertain call.
 */
import { resolve } from 'node:path';
import { OUTCOMES, type Outcome } from '../../domain/words.ts';
import { openStore } from '../../store/sqlite.ts';
import { openReports } from '../../store/sqlite-reports.ts';
import { loadConfig } from '../config.ts';
import { CommandFailure, EXIT } from '../exit.ts';
import { nearest } from '../suggest.ts';
import type { World } from '../world.ts';

export interface SettleOptions {
  readonly config: string;
}

type Settled = Exclude<Outcome, 'uncertain' | 'previewed'> | 'again';

const SETTLED: readonly string[] = [
  ...OUTCOMES.filter((outcome) => outcome !== 'uncertain' && outcome !== 'previewed'),
  'again',
];

export async function settle(
  world: World,
  campaign: string,
  contact: string,
  outcome: string,
  options: SettleOptions,
): Promise<number> {
  if (!isSettled(outcome)) {
    const near = nearest(outcome, SETTLED);
    throw new CommandFailure(
      EXIT.usage,
      `outcome: found "${outcome}", allowed: ${SETTLED.join(', ')}`,
      near === undefined ? undefined : `Did you mean ${near}?`,
    );
  }
  const file = resolve(world.folder, options.config);
  const config = await loadConfig({ file, shownAs: options.config, env: world.env });
  // A store that is not there is not made by asking about it.
  openReports({ path: config.store.path }).close();
  using store = openStore({ path: config.store.path, defer: world.defer });
  store.settle({ campaign, contact, outcome, atMs: world.clock.wallMs(), note: NOTE });
  world.stdout.write(
    outcome === 'again'
      ? `${contact} is back in the queue of ${campaign} and is rung with the next run.\n`
      : `${contact} of ${campaign} is settled: ${outcome}. The next run tells the CRM.\n`,
  );
  return EXIT.ok;
}

const NOTE = 'settled by hand';

function isSettled(outcome: string): outcome is Settled {
  return SETTLED.includes(outcome);
}
