/**
 * What the machine's figures say of alerts.
 */
import { type Band, levelAfter } from './alert-level.ts';
import type { AlertPolicies } from './alert-policy.ts';
import {
  cpuBackWords,
  cpuWords,
  type DiskFacts,
  diskBackWords,
  diskWords,
  memoryBackWords,
  memoryWords,
  sizeText,
} from './alert-rule-text.ts';
import type { Sign } from './alert-sign.ts';
import { type AlertState, campaignKey } from './alert-state.ts';
import type { AlertWords } from './alert-text.ts';

/** What rules look at; see `HostFigures` of the ports. */
export interface HostFacts {
  readonly cpuShare: number;
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
  readonly memoryLimitOf: 'heap' | 'container' | 'machine';
  readonly disks: readonly DiskFacts[];
}

export interface HostMoment {
  readonly campaign: string;
  readonly policies: AlertPolicies;
  /** Monotonic milliseconds. */
  readonly nowMs: number;
  readonly wallMs: number;
  readonly open: AlertState;
}

/** By key; see `Turning`. */
export type Turnings = ReadonlyMap<string, number>;

export interface HostWatched {
  readonly turnings: Turnings;
  readonly signs: readonly Sign[];
}

/** What was told above a limit is over at so much of it. */
const CLEAR_SHARE = 0.95;
const CLEAR_AFTER_MS = 60_000;
/** Room that was made must be worth it. */
const CLEAR_ROOM = 1.1;

export const CPU_KEY = 'host:cpu';

export function memoryKey(campaign: string): string {
  return `${campaignKey(campaign)}:memory`;
}

export function diskKey(name: string): string {
  return `host:disk:${name}`;
}

interface HostRule {
  readonly rule: 'memory' | 'cpu' | 'disk';
  readonly key: string;
  readonly value: number;
  readonly band: Band;
  readonly raised: () => AlertWords;
  readonly cleared: () => AlertWords;
}

/** One reading. */
export function hostWatched(turnings: Turnings, facts: HostFacts, moment: HostMoment): HostWatched {
  const after = new Map(turnings);
  const signs: Sign[] = [];
  for (const { rule, key, value, band, raised, cleared } of hostRules(facts, moment)) {
    if (!moment.policies[rule].enabled) continue;
    const before = after.get(key);
    const isRaised = moment.open.has(key);
    const { turning, verdict } = levelAfter(band, isRaised, before, value, moment.nowMs);
    if (turning === undefined) after.delete(key);
    else after.set(key, turning);
    const lastedMs = moment.nowMs - (before ?? moment.nowMs);
    const sinceMs = moment.wallMs - lastedMs;
    if (verdict === 'raise') signs.push({ type: 'raised', rule, key, sinceMs, words: raised() });
    if (verdict === 'clear') signs.push({ type: 'cleared', key, words: cleared() });
  }
  return { turnings: after, signs };
}

function hostRules(facts: HostFacts, { campaign, policies }: HostMoment): readonly HostRule[] {
  const { cpuShare, memoryBytes, memoryLimitBytes, memoryLimitOf, disks } = facts;
  const memoryShare = memoryBytes / memoryLimitBytes;
  const limit = `${sizeText(memoryLimitBytes)}, ${LIMITS[memoryLimitOf]}`;
  const { cpu, memory, disk } = policies;
  return [
    {
      rule: 'memory',
      key: memoryKey(campaign),
      value: memoryShare,
      band: shareBand(memory),
      raised: () => memoryWords(campaign, memoryShare, limit),
      cleared: () => memoryBackWords(campaign, memoryShare),
    },
    {
      rule: 'cpu',
      key: CPU_KEY,
      value: cpuShare,
      band: shareBand(cpu),
      raised: () => cpuWords(cpuShare, cpu.lastsMs),
      cleared: () => cpuBackWords(cpuShare),
    },
    ...disks.map(
      (facts): HostRule => ({
        rule: 'disk',
        key: diskKey(facts.name),
        // The less is left, the higher.
        value: -facts.freeBytes,
        band: {
          raiseAt: -disk.freeBytesMin,
          raiseAfterMs: 0,
          clearAt: -disk.freeBytesMin * CLEAR_ROOM,
          clearAfterMs: 0,
        },
        raised: () => diskWords(facts, disk),
        cleared: () => diskBackWords(facts),
      }),
    ),
  ];
}

const LIMITS: Readonly<Record<HostFacts['memoryLimitOf'], string>> = {
  heap: "that of Node's heap (NODE_OPTIONS=--max-old-space-size=…)",
  container: 'that of the container',
  machine: 'all that this machine has',
};

function shareBand({ threshold, lastsMs }: AlertPolicies['cpu']): Band {
  return {
    raiseAt: threshold,
    raiseAfterMs: lastsMs,
    clearAt: threshold * CLEAR_SHARE,
    clearAfterMs: CLEAR_AFTER_MS,
  };
}
