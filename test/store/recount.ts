import type { DatabaseSync } from 'node:sqlite';

type Counts = Readonly<Record<string, number>>;

/** A campaign's counts as it keeps them, and as its contacts add up to. */
export function recounted(
  database: DatabaseSync,
  campaign: string,
): { readonly kept: Counts; readonly actual: Counts } {
  const kept = database
    .prepare('SELECT queued, put_off, calling, done, uncertain FROM campaign WHERE name = ?')
    .get(campaign);
  const actual = database
    .prepare(
      `SELECT
         count(*) FILTER (WHERE outcome IS NULL AND queue = 1) AS queued,
         count(*) FILTER (WHERE outcome IS NULL AND queue = 2) AS put_off,
         count(*) FILTER (WHERE outcome IS NULL AND queue = 3) AS calling,
         count(*) FILTER (WHERE outcome IS NOT NULL AND outcome <> 'uncertain') AS done,
         count(*) FILTER (WHERE outcome = 'uncertain') AS uncertain
       FROM contact WHERE campaign = (SELECT row FROM campaign WHERE name = ?)`,
    )
    .get(campaign);
  return { kept: { ...kept } as Counts, actual: { ...actual } as Counts };
}
