/**
 * `campaign opt-outs`: numbers that no campaign rings, to see, to add and to take out.
 */
import { resolve } from 'node:path';
import { maskPhone } from '../../domain/privacy.ts';
import { counted } from '../../domain/text.ts';
import { phoneReader } from '../../intake/phone.ts';
import type { OptOut } from '../../store/opt-outs.ts';
import { openStore } from '../../store/sqlite.ts';
import { openReports } from '../../store/sqlite-reports.ts';
import { StoreError } from '../../store/store-error.ts';
import { loadConfig } from '../config.ts';
import { CommandFailure, EXIT } from '../exit.ts';
import { isoTime } from '../run-document.ts';
import type { Config } from '../settings.ts';
import type { World } from '../world.ts';

export interface OptOutsOptions {
  readonly config: string;
  readonly add?: string;
  readonly reason?: string;
  readonly remove?: string;
  readonly numbers?: boolean;
  readonly json?: boolean;
}

export async function optOuts(world: World, options: OptOutsOptions): Promise<number> {
  judge(options);
  const file = resolve(world.folder, options.config);
  const read = { file, shownAs: options.config, env: world.env, withoutSecrets: true };
  const config = await loadConfig(read);
  if (options.add !== undefined || options.remove !== undefined) {
    world.stdout.write(`${change(world, config, options)}\n`);
    return EXIT.ok;
  }
  const shown = (number: string): string => (options.numbers === true ? number : maskPhone(number));
  const all = kept(config);
  world.stdout.write(
    options.json === true
      ? `${JSON.stringify({ opt_outs: all.map((one) => documentOf(one, shown)) }, null, 2)}\n`
      : `${listText(all, shown)}\n`,
  );
  return EXIT.ok;
}

function judge({ add, remove, reason }: OptOutsOptions): void {
  if (add !== undefined && remove !== undefined) {
    throw new CommandFailure(EXIT.usage, '--add and --remove: one of the two is allowed');
  }
  if (reason !== undefined && add === undefined) {
    throw new CommandFailure(EXIT.usage, '--reason without --add: of which number?');
  }
}

/** A store that is not there is not made by asking about it. */
function kept({ store: { path } }: Config): readonly OptOut[] {
  try {
    using reports = openReports({ path });
    return reports.optOuts();
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'missing') return [];
    throw error;
  }
}

function change(world: World, config: Config, { add, remove, reason }: OptOutsOptions): string {
  const { path } = config.store;
  const number = numberOf(add ?? remove ?? '', config.campaign.defaultCountry);
  const shown = maskPhone(number);
  using store = openStore({ path, defer: world.defer });
  if (add !== undefined) {
    const about = { campaign: undefined, reason: reason ?? 'added by hand' };
    return store.optOuts.add({ number, atMs: world.clock.wallMs(), ...about })
      ? `${shown} is not rung any more, by any campaign of this database.`
      : `${shown} was not rung any more before this.`;
  }
  if (!store.optOuts.remove(number)) {
    throw new CommandFailure(
      EXIT.usage,
      `${shown} is not among the numbers that are not rung`,
      '`campaign opt-outs --numbers` lists them.',
    );
  }
  return (
    `${shown} may be rung again. Whoever was refused meanwhile has that outcome: ` +
    '`campaign settle <campaign> <contact> again` puts them back into the queue.'
  );
}

function numberOf(typed: string, defaultCountry: string): string {
  const reading = phoneReader(defaultCountry)(typed);
  if ('phone' in reading) return reading.phone;
  throw new CommandFailure(EXIT.usage, `"${typed}" is no telephone number`);
}

function documentOf(one: OptOut, shown: (number: string) => string) {
  const { number, atMs, campaign, reason } = one;
  return { number: shown(number), asked_at: isoTime(atMs), campaign, reason };
}

function listText(all: readonly OptOut[], shown: (number: string) => string): string {
  if (all.length === 0) return 'Nobody has asked not to be called.';
  const lines = all.map(({ number, atMs, campaign, reason }) => {
    const where = campaign === undefined ? '' : ` in ${campaign}`;
    return `  ${shown(number).padEnd(20)}${isoTime(atMs).slice(0, 10)}  ${reason}${where}`;
  });
  return [`${counted(all.length, 'number')} that no campaign rings`, ...lines].join('\n');
}
