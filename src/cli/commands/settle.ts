/**
 * `campaign settle`: what a person found out about an uncertain call.
 */
import { resolve } from 'node:path';
import { maskContactId, maskNumbers, maskPhone } from '../../domain/privacy.ts';
import { OUTCOMES, type Outcome } from '../../domain/words.ts';
import { phoneReader } from '../../intake/phone.ts';
import type { Settled } from '../../store/settlement.ts';
import { openStore } from '../../store/sqlite.ts';
import { openReports, type Reports } from '../../store/sqlite-reports.ts';
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
  /** Ids of whom this could be said. */
  readonly uncertain: readonly string[];
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
  const { id, shown, uncertain } = named(path, campaign, typed, config.campaign.defaultCountry);
  using store = openStore({ path, defer: world.defer });
  try {
    const atMs = world.clock.wallMs();
    const settled = store.settle({ campaign, contact: id, outcome, atMs, note: NOTE });
    world.stdout.write(`${settledText(settled, shown, campaign, outcome)}\n`);
  } catch (error) {
    throw refusal(error, { id, shown, uncertain }, campaign);
  }
  return EXIT.ok;
}

/** The list counts as the last run has read it; the next one reads it again before it calls. */
function settledText(what: Settled, shown: string, campaign: string, outcome: string): string {
  switch (what) {
    case 'settled':
      return `${shown} of ${campaign} is settled: ${outcome}. The next run tells the CRM.`;
    case 'restored':
      return `${shown} of ${campaign} is out of the queue again, as it was before: ${outcome}.`;
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

/**
 * Who is meant: an id, in capitals or not; a number in any spelling; or a number as the screen
 * shows it, masked. Of several, whoever is uncertain, if that is one. A store that is not there is
 * not made by asking about it.
 */
function named(path: string, campaign: string, typed: string, defaultCountry: string): Named {
  using reports = openReports({ path });
  const names = campaignNames(reports, campaign);
  const uncertain = names
    .flatMap((name) => reports.uncertainContacts(name))
    .map(({ contact }) => contact);
  const text = typed.trim();
  const reading = phoneReader(defaultCountry)(text);
  const phone = 'phone' in reading ? reading.phone : '';
  const known = reports.contactsNamed(campaign, text, phone);
  const masked = uncertain.filter((id) => maskContactId(id) === text);
  const exact = known.filter(({ contact }) => contact === typed || contact === text);
  const sets = [
    exact.map(({ contact }) => contact),
    masked,
    known.filter(({ outcome }) => outcome === 'uncertain').map(({ contact }) => contact),
    known.map(({ contact }) => contact),
  ];
  const [id, ...more] = sets.find(({ length }) => length > 0) ?? [];
  const shown = phone === '' ? text : maskPhone(phone);
  if (id === undefined) return { id: text, shown, uncertain };
  if (more.length > 0) throw ambiguous(reports, campaign, shown, [id, ...more]);
  return { id, shown: maskContactId(id), uncertain };
}

/** Two numbers may look the same where they are masked: then the list has to tell them apart. */
function ambiguous(
  reports: Reports,
  campaign: string,
  shown: string,
  ids: readonly string[],
): CommandFailure {
  const masked = ids.map(maskContactId);
  const isClear = new Set(masked).size === ids.length;
  const places = reports.people
    .places(campaign, ids)
    .map(({ line, name }) => `line ${line}${name === null ? '' : ` (${maskNumbers(name)})`}`);
  return new CommandFailure(
    EXIT.usage,
    `${ids.length} contacts of ${campaign} could be meant by ${shown}: ` +
      listed(isClear ? masked : places),
    isClear ? 'Give the id.' : 'Give the whole number that the list has on the line of the one.',
  );
}

/** The store's refusal, with who could be meant instead and without anybody's number. */
function refusal(error: unknown, { id, shown, uncertain }: Named, campaign: string): unknown {
  if (!(error instanceof StoreError) || error.kind !== 'refused') {
    return error;
  }
  const near = nearest(id, uncertain);
  const masked = uncertain.map(maskContactId);
  const others = masked.length === 0 ? undefined : `Uncertain in ${campaign}: ${listed(masked)}.`;
  return new CommandFailure(
    EXIT.usage,
    error.message.replaceAll(id, shown),
    near === undefined ? others : `Did you mean ${maskContactId(near)}?`,
    error,
  );
}

const CANDIDATES_MAX = 5;

function listed(ids: readonly string[]): string {
  const more = ids.length - CANDIDATES_MAX;
  const shown = ids.slice(0, CANDIDATES_MAX).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function isSettled(outcome: string): outcome is Answer {
  return SETTLED.includes(outcome);
}
