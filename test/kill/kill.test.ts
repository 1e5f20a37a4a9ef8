import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { openReports } from '../../src/store/sqlite-reports.ts';

const VICTIM = fileURLToPath(new URL('./victim.ts', import.meta.url));
const CAMPAIGN = 'killed';
const CONTACTS = 40;
const LINES = 4;
const KILLS_MAX = 40;
/** Forty processes, each with its commits on disk: bounded by the machine, not by the test. */
const PATIENCE_MS = 180_000;

const folders: string[] = [];
/** Of all victims, which are the same program. */
const compiled = mkdtempSync(join(tmpdir(), 'campaign-compiled-'));

afterAll(() => {
  rmSync(compiled, { recursive: true, force: true });
});

afterEach(() => {
  for (const folder of folders.splice(0)) {
    rmSync(folder, { recursive: true, force: true });
  }
});

interface Killed {
  readonly folder: string;
  readonly kills: number;
  /** What happened in the world: `written c1`, `spoken c1`, `rung c1 <call>`. */
  readonly truth: readonly (readonly string[])[];
}

/** Runs until a run ends by itself; every run but that one is ended by kill -9. */
function killUntilDone(memory: 'knows' | 'forgets', fuses: () => number): Killed {
  const folder = mkdtempSync(join(tmpdir(), 'campaign-kill-'));
  folders.push(folder);
  for (let kills = 0; kills <= KILLS_MAX; kills += 1) {
    const fuse = kills < KILLS_MAX ? fuses() : 0;
    const run = spawnSync(process.execPath, [VICTIM, folder, String(fuse), memory], {
      encoding: 'utf8',
      env: { ...process.env, NODE_COMPILE_CACHE: compiled },
    });
    if (run.status === 0) {
      const lines = readFileSync(join(folder, 'truth.log'), 'utf8').trimEnd().split('\n');
      return { folder, kills, truth: lines.map((line) => line.split(' ')) };
    }
    expect(run, run.stderr).toMatchObject({ signal: 'SIGKILL' });
  }
  throw new Error('the last run had no fuse and did not end by itself');
}

/** A small seeded generator (mulberry32), so that a failure can be had again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function countBy(truth: Killed['truth'], what: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [word, contact = ''] of truth) {
    if (word === what) counts.set(contact, (counts.get(contact) ?? 0) + 1);
  }
  return counts;
}

function sum(counts: Map<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

function resultsOf(folder: string): string[] {
  const text = readFileSync(join(folder, 'out', CAMPAIGN, 'results.csv'), 'utf8');
  const rows: { contact: string }[] = parse(text, { columns: true });
  return rows.map((row) => row.contact);
}

describe('killed with -9 at any moment, then run again', () => {
  for (const seed of [1, 2]) {
    it(
      `everybody is rung exactly once, seed ${seed}`,
      () => {
        const draw = random(seed);
        const { folder, kills, truth } = killUntilDone('knows', () => 1 + Math.floor(draw() * 45));
        expect(kills).toBeGreaterThan(10);
        const rung = countBy(truth, 'rung');
        expect(rung.size).toBe(CONTACTS);
        expect([...rung.values()].every((count) => count === 1)).toBe(true);
        // At most one request per line in flight is paid for again, per kill.
        expect(sum(countBy(truth, 'written'))).toBeLessThanOrEqual(CONTACTS + LINES * kills);
        expect(sum(countBy(truth, 'spoken'))).toBeLessThanOrEqual(CONTACTS + LINES * kills);
        const results = resultsOf(folder);
        expect(results).toHaveLength(CONTACTS);
        expect(new Set(results).size).toBe(CONTACTS);
        using reports = openReports({ path: join(folder, 'campaign.db') });
        expect(reports.counts(CAMPAIGN)).toMatchObject({ total: CONTACTS, done: CONTACTS });
      },
      PATIENCE_MS,
    );
  }

  it(
    'nobody is rung twice by a dialer that forgets; who may have been is uncertain',
    () => {
      const draw = random(3);
      const { folder, kills, truth } = killUntilDone('forgets', () => 1 + Math.floor(draw() * 45));
      const rung = countBy(truth, 'rung');
      expect([...rung.values()].every((count) => count === 1)).toBe(true);
      using reports = openReports({ path: join(folder, 'campaign.db') });
      const { total, done, uncertain } = reports.counts(CAMPAIGN);
      expect(done + uncertain).toBe(total);
      expect(uncertain).toBeGreaterThan(0);
      expect(uncertain).toBeLessThanOrEqual(LINES * kills);
      const doubtful = reports.uncertainContacts(CAMPAIGN).map(({ contact }) => contact);
      // Everybody who was not rung is among the uncertain: nobody is lost.
      const all = Array.from({ length: CONTACTS }, (_, index) => `c${index + 1}`);
      expect(all.filter((id) => !rung.has(id) && !doubtful.includes(id))).toEqual([]);
      expect(new Set([...resultsOf(folder), ...doubtful]).size).toBe(CONTACTS);
    },
    PATIENCE_MS,
  );
});
