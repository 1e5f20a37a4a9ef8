/**
 * `campaign settle`: what a person found out about an uncertain call.
 */
import { resolve } from 'node:path';
import { maskContactId, maskPhone } from '../../domain/privacy.ts';
import { OUTCOMES, type Outcome } from '../../domain/words.ts';
import { phoneReader } from '../../intake/phone.ts';
import type { Settled } from '../../store/settlement.ts';
import { openStore } from '../../store/sqlite.ts';
import { openReports } from '../../store/sqlite-reports.ts';
import { StoreError } from '../../store/store-error.ts';
import { loadConfig } from '../config.ts';
import { CommandFailure, EXIT } from '../exit.ts';
import { nearest } from '../suggest.ts';
import type { World } from '../world.ts';
import { campaignNames } from './status.ts';

export interface SettleOptions {
  readonly config: string;
}

type Answer = Exclude<Outcome, 'uncertain' | 'previewed'> | 'again';

const SETTLED: readonly string[] = [
  ...OUTCOMES.filter((outcome) => outcome !== 'uncertain' && outcome !== 'previewed'),
  'again',
];

/** A contact as typed: its id in the store, and how it may be shown. */
interface Named {
  readonly id: string;
  readonly shown: string;
}

export async function settle(
  world: World,
  campaign: string,
  typed: string,
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
  const read = { file, shownAs: options.config, env: world.env, withoutSecrets: true };
  const config = await loadConfig(read);
  const { path } = config.store;
  const uncertain = uncertainOf(path, campaign);
  const { id, shown } = named(campaign, typed, uncertain, config.campaign.defaultCountry);
  using store = openStore({ path, defer: world.defer });
  try {
    const atMs = world.clock.wallMs();
    const settled = store.settle({ campaign, contact: id, outcome, atMs, note: NOTE });
    world.stdout.write(`${settledText(settled, shown, campaign, outcome)}\n`);
  } catch (error) {
    throw refusal(error, { id, shown }, uncertain);
  }
  return EXIT.ok;
}

/** The list counts as the last run has read it; the next one reads it again before it calls. */
function settledText(what: Settled, shown: string, campaign: string, outcome: string): string {
  switch (what) {
    case 'settled':
      return `${shown} of ${campaign} is settled: ${outcome}. The next run tells the CRM.`;
    case 'queued':
      return `${shown} is back in the queue of ${campaign}; the next run calls again.`;
    case 'queued_as_listed':
      return (
        `${shown} is back in the queue of ${campaign}; the next run calls again, ` +
        'by the row as it was corrected since.'
      );
    case 'removed':
      return (
        `${shown} has no row on the list of ${campaign} any more that a run accepts: taken out, ` +
        'and not called again. Should it have one again, the next run calls.'
      );
  }
}

const NOTE = 'settled by hand';

/** A store that is not there is not made by asking about it. */
function uncertainOf(path: string, campaign: string): readonly string[] {
  using reports = openReports({ path });
  const names = campaignNames(reports, campaign);
  return names.flatMap((name) => reports.uncertainContacts(name)).map(({ contact }) => contact);
}

/**
 * Contacts of a list without ids are known by their number, which the screen shows masked: the
 * number in any spelling will do, and so will the masked one where no other looks like it.
 */
function named(
  campaign: string,
  typed: string,
  uncertain: readonly string[],
  defaultCountry: string,
): Named {
  if (uncertain.includes(typed)) {
    return { id: typed, shown: maskContactId(typed) };
  }
  const alike = uncertain.filter((id) => maskContactId(id) === typed);
  if (alike.length > 1) {
    throw new CommandFailure(
      EXIT.usage,
      `${alike.length} uncertain contacts of ${campaign} look like ${typed}`,
      `Give the whole number: \`campaign report ${campaign} --csv\` has it.`,
    );
  }
  const [only] = alike;
  if (only !== undefined) {
    return { id: only, shown: typed };
  }
  const reading = phoneReader(defaultCountry)(typed);
  if (!('phone' in reading)) {
    return { id: typed, shown: typed };
  }
  const { phone } = reading;
  return { id: uncertain.includes(phone) ? phone : typed, shown: maskPhone(phone) };
}

/** The store's refusal, with who could be meant instead and without anybody's number. */
function refusal(error: unknown, { id, shown }: Named, uncertain: readonly string[]): unknown {
  if (!(error instanceof StoreError) || error.kind !== 'refused') {
    return error;
  }
  const near = nearest(id, uncertain);
  return new CommandFailure(
    EXIT.usage,
    error.message.replaceAll(id, shown),
    near === undefined ? undefined : `Did you mean ${maskContactId(near)}?`,
    error,
  );
}

function isSettled(outcome: string): outcome is Answer {
  return SETTLED.includes(outcome);
}
