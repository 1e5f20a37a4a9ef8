/**
 * `campaign opt-outs`: numbers that no campaign rings, to see, to add and to take out.
 */
import { resolve } from 'node:path';
import { maskPhone } from '../../domain/privacy.ts';
import { counted, listed } from '../../domain/text.ts';
import { phoneReader } from '../../intake/phone.ts';
import type { OptOut, OptOuts } from '../../store/opt-outs.ts';
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
  readonly add?: readonly string[];
  readonly reason?: readonly string[];
  readonly remove?: readonly string[];
  readonly numbers?: boolean;
  readonly json?: boolean;
}

export async function optOuts(world: World, options: OptOutsOptions): Promise<number> {
  judge(options);
  const file = resolve(world.folder, options.config);
  const read = { file, shownAs: options.config, env: world.env, withoutSecrets: true };
  const config = await loadConfig(read);
  if (options.add !== undefined || options.remove !== undefined) {
    world.stdout.write(change(world, config, options));
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
  if (reason !== undefined && reason.length > 1) {
    throw new CommandFailure(
      EXIT.usage,
      `--reason: found ${reason.length} of them, allowed: one, for every number of the command`,
      'Nothing was changed. Add numbers with another reason in a command of their own.',
    );
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

/** All of the numbers or none: each is read before the first is written down. */
function change(world: World, config: Config, options: OptOutsOptions): string {
  const { add = [], remove = [], reason: [reason = 'added by hand'] = [] } = options;
  const typed = [...add, ...remove].map((one) => numberOf(one, config.campaign.defaultCountry));
  const numbers = [...new Set(typed)];
  using store = openStore({ path: config.store.path, defer: world.defer });
  const { optOuts: kept } = store;
  const lines =
    add.length > 0
      ? numbers.map((number) => {
          const about = { atMs: world.clock.wallMs(), campaign: undefined, reason };
          return addedText(maskPhone(number), kept.add({ number, ...about }));
        })
      : removed(kept, numbers);
  return lines.map((line) => `${line}\n`).join('');
}

function addedText(shown: string, isNew: boolean): string {
  return isNew
    ? `${shown} is not rung any more, by any campaign of this database.`
    : `${shown} was not rung any more before this.`;
}

function removed(kept: OptOuts, numbers: readonly string[]): readonly string[] {
  const before = new Set(kept.list().map(({ number }) => number));
  const unknown = numbers.filter((number) => !before.has(number)).map(maskPhone);
  if (unknown.length > 0) {
    throw new CommandFailure(
      EXIT.usage,
      `${listed(unknown)} ${unknown.length === 1 ? 'is' : 'are'} not among the numbers that are ` +
        'not rung',
      `${numbers.length > 1 ? 'Nothing was changed. ' : ''}` +
        '`campaign opt-outs --numbers` lists them.',
    );
  }
  for (const number of numbers) kept.remove(number);
  return [
    ...numbers.map((number) => `${maskPhone(number)} may be rung again.`),
    'Whoever was refused meanwhile has that outcome: ' +
      '`campaign settle <campaign> <contact> again` puts them back into the queue.',
  ];
}

function numberOf(typed: string, defaultCountry: string): string {
  const reading = phoneReader(defaultCountry)(typed);
  if ('phone' in reading) return reading.phone;
  throw new CommandFailure(
    EXIT.usage,
    `"${typed}" is no telephone number`,
    'Nothing was changed. A number with blanks goes in quotes: "415 555 0100".',
  );
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
