/**
 * Settings that change between the lives of a world, and a second campaign on the same disk: a
 * service that is down for long, and is named in some lives and not in others.
 */
import type { Contact } from '../domain/contact.ts';
import { ROLES, type Role } from '../domain/words.ts';
import type { Chance } from './chance.ts';
import type { Fuse } from './life.ts';
import type { Fault, Outage, Place } from './outage.ts';
import { isByNumber } from './random-dialers.ts';
import { type ChainNames, PREVIEW } from './simulated-services.ts';
import { VENDORS } from './vendors.ts';

/** A second campaign: another list and other settings, with the same store and accounts. */
export interface OtherCampaign {
  readonly contacts: readonly Contact[];
  /** Once everything has healed. */
  readonly chains: ChainNames;
}

/** What one life of a world has instead of what the others have. */
export interface LifeConfig {
  /** What the settings name in it; left out where it is what the world names. */
  readonly chains?: ChainNames | undefined;
  /** It works the list of the other campaign. */
  readonly isOther?: boolean | undefined;
  /** When it is killed, where it is not at another moment. */
  readonly fuse?: Fuse | undefined;
  /** The other campaign is started while it is on; not so where it is left out. */
  readonly beside?: Beside | undefined;
}

/** A start of the other campaign, beside one of the first. */
export interface Beside {
  /** From the start of the first. */
  readonly atMs: number;
  readonly chains: ChainNames;
  readonly fuse: Fuse | undefined;
}

export interface RandomConfigs {
  /** What the settings name at first. */
  readonly chains: ChainNames;
  /** What they name in any life. */
  readonly named: ChainNames;
  readonly other: OtherCampaign | undefined;
  /** See `Scene`. */
  readonly keepsAlertsApart: boolean;
  /** Lives that there have to be for it all to be seen. */
  readonly livesLeast: number;
  /** For how long what comes and goes is down; nothing where nothing does. */
  outages(horizonMs: number): readonly Outage[];
  /** @param life counted from 0 */
  life(life: number): LifeConfig;
}

/**
 * @param drawn what a world names whose settings stay as they are
 * @param contacts those of the first campaign
 */
export function randomConfigs(
  chance: Chance,
  drawn: ChainNames,
  contacts: readonly Contact[],
): RandomConfigs {
  const keepsAlertsApart = chance.of(0.25, 'alerts apart');
  const cut = (life: number): Pick<LifeConfig, 'fuse'> => {
    const isCut = keepsAlertsApart && chance.of(0.4, 'cut', life);
    return isCut ? { fuse: fuseAtAlert(chance, life) } : {};
  };
  const beside = (life: number, chains: ChainNames): Pick<LifeConfig, 'beside'> => {
    if (!chance.of(0.4, 'beside', life)) return {};
    const atMs = chance.wholeByRatio(100, 120_000, 'beside', 'at', life);
    const at = chance.wholeByRatio(3, 120, 'beside', 'killed', life);
    const fuse = chance.of(0.3, 'beside', 'kill', life) ? { at } : undefined;
    return { beside: { atMs, chains, fuse } };
  };
  if (!chance.of(0.25, 'configs change')) {
    const isShared = chance.of(0.1, 'shared store');
    const configOf = (life: number): LifeConfig => {
      const isOther = isShared && chance.of(0.3, 'other', life);
      return isOther ? { isOther } : { ...(isShared && beside(life, drawn)), ...cut(life) };
    };
    return {
      chains: drawn,
      named: drawn,
      other: isShared ? { contacts: otherContacts(chance, contacts), chains: drawn } : undefined,
      keepsAlertsApart,
      livesLeast: isShared ? 3 : keepsAlertsApart ? 2 : 1,
      outages: () => [],
      life: configOf,
    };
  }
  const fickle = fickleOf(chance, drawn);
  const chains = withFickle(chance, drawn, fickle);
  const others = otherChains(chance, chains, fickle);
  const isShared = chance.of(0.65, 'shared store');
  const last = variant(chance, others, fickle, 'last');
  const configOf = (life: number): LifeConfig => {
    const isOther = isShared && chance.of(0.45, 'other', life);
    const own = isOther ? others : chains;
    const alone = { isOther, chains: variant(chance, own, fickle, life) };
    if (!isShared || isOther) return alone;
    return { ...alone, ...beside(life, variant(chance, others, fickle, life + BESIDE)) };
  };
  return {
    chains,
    named: union([chains, others, instead(chance, chains, fickle)]),
    other: isShared ? { contacts: otherContacts(chance, contacts), chains: last } : undefined,
    keepsAlertsApart,
    livesLeast: 3,
    outages: (horizonMs) => fickleOutages(chance, fickle, horizonMs),
    life: (life) => ({ ...configOf(life), ...cut(life) }),
  };
}

/** A breaker is on disk, or what has been told before is, and the alert is not, or just so. */
function fuseAtAlert(chance: Chance, life: number): Fuse {
  const at = chance.wholeByRatio(1, 6, 'cut', 'at', life);
  const kind = chance.pick(
    ['before an alert is kept', 'before an alert is kept', 'after an alert is kept'],
    'cut',
    'when',
    life,
  );
  return { at, kind };
}

// ---------------------------------------------------------------------------- chains

/** What comes and goes: one service in one role, or one account in two. */
function fickleOf(chance: Chance, { dialer }: ChainNames): readonly Place[] {
  if (chance.of(0.25, 'fickle account')) {
    return (['llm', 'tts'] as const).map((role) => ({ role, service: 'openai' }));
  }
  // A preview stands alone, and is never down.
  const roles = ROLES.filter((role) => role !== 'dialer' || dialer[0] !== PREVIEW);
  const role = chance.pick(roles, 'fickle role');
  return [{ role, service: chance.pick(vendorsOf(role), 'fickle') }];
}

function vendorsOf(role: Role): readonly string[] {
  const names = VENDORS.filter((place) => place.role === role).map(({ service }) => service);
  return names.filter((name) => name !== PREVIEW);
}

/** It is asked first, and mostly somebody stands in for it. */
function withFickle(chance: Chance, drawn: ChainNames, fickle: readonly Place[]): ChainNames {
  return changed(drawn, fickle, (names, { role, service }) => {
    const rest = names.filter((name) => name !== service);
    const others = rest.length > 0 ? rest : standIns(chance, role, service);
    return [service, ...(chance.of(0.2, 'fickle alone') ? [] : others)];
  });
}

function standIns(chance: Chance, role: Role, service: string): readonly string[] {
  const others = vendorsOf(role).filter((name) => name !== service);
  return chance.some(others, 1, 'stands in', role);
}

/** What is named where nothing else is left. */
function instead(chance: Chance, chains: ChainNames, fickle: readonly Place[]): ChainNames {
  return changed(chains, fickle, (_, { role, service }) => standIns(chance, role, service));
}

/** The second campaign names mostly what the first does. */
function otherChains(chance: Chance, chains: ChainNames, fickle: readonly Place[]): ChainNames {
  if (chance.of(0.5, 'other like the first')) return chains;
  const picked = (role: Role): readonly string[] =>
    chains[role][0] === PREVIEW
      ? chains[role]
      : chance.some(vendorsOf(role), chance.pick([1, 2], 'other chain', role), 'other', role);
  const own = {
    llm: picked('llm'),
    tts: picked('tts'),
    dialer: picked('dialer'),
    crm: picked('crm'),
  };
  return chance.of(0.7, 'other has it') ? withFickle(chance, own, fickle) : own;
}

function variant(
  chance: Chance,
  chains: ChainNames,
  fickle: readonly Place[],
  life: number | 'last',
): ChainNames {
  const places = chance.of(0.3, 'one of them', life) ? fickle.slice(0, 1) : fickle;
  const without = (names: readonly string[], { role, service }: Place): readonly string[] => {
    const rest = names.filter((name) => name !== service);
    return rest.length > 0 ? rest : standIns(chance, role, service);
  };
  const lastOf = (names: readonly string[], { service }: Place): readonly string[] =>
    names.includes(service) ? [...names.filter((name) => name !== service), service] : names;
  switch (chance.pick(['same', 'same', 'without', 'without', 'last'], 'variant', life)) {
    case 'without':
      return changed(chains, places, without);
    case 'last':
      return changed(chains, places, lastOf);
    default:
      return chains;
  }
}

function changed(
  chains: ChainNames,
  places: readonly Place[],
  change: (names: readonly string[], place: Place) => readonly string[],
): ChainNames {
  let after = chains;
  for (const place of places) {
    after = { ...after, [place.role]: change(after[place.role], place) };
  }
  return after;
}

function union(all: readonly ChainNames[]): ChainNames {
  const names = (role: Role): readonly string[] => [
    ...new Set(all.flatMap((chains) => chains[role])),
  ];
  return { llm: names('llm'), tts: names('tts'), dialer: names('dialer'), crm: names('crm') };
}

// ---------------------------------------------------------------------------- the rest of them

/** It goes down early, and mostly stays so for several lives. */
function fickleOutages(
  chance: Chance,
  fickle: readonly Place[],
  horizonMs: number,
): readonly Outage[] {
  if (chance.of(0.1, 'fickle stays')) return [];
  const startMs = Math.round(0.3 * horizonMs * chance.fraction('fickle start'));
  const faults: readonly Fault[] = [{ type: '503' }, { type: '401' }, { type: 'refused' }];
  const lengthMs = chance.wholeByRatio(horizonMs / 2, 20 * horizonMs, 'fickle length');
  return [
    {
      name: 'fickle',
      places: chance.of(0.3, 'fickle in one') ? fickle.slice(-1) : fickle,
      startMs,
      endMs: startMs + lengthMs,
      fault: chance.pick(faults, 'fickle fault'),
    },
  ];
}

/** What is drawn for a life beside another is drawn under a number of its own. */
const BESIDE = 100;
const OTHER_CONTACTS_MAX = 5;

/** Where calls are known by their numbers, some are on the first list too. */
function otherContacts(chance: Chance, contacts: readonly Contact[]): readonly Contact[] {
  const count = chance.whole(1, OTHER_CONTACTS_MAX, 'others');
  return Array.from({ length: count }, (_, index) => {
    const isShared = isByNumber(chance) && chance.of(0.5, 'on both lists', index);
    const shared = isShared ? contacts[index]?.phone : undefined;
    return {
      id: `d${index + 1}`,
      name: `Neighbour ${index + 1}`,
      phone: shared ?? `+13005550${100 + index}`,
      language: undefined,
      timezone: undefined,
      email: undefined,
      variables: {},
      line: index + 2,
    };
  });
}
