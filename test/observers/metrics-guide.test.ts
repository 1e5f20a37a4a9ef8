/** What the guide and the dashboard say of the metrics, held against the metrics. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Metrics } from '../../src/observers/metrics.ts';
import { CALM_HOST } from '../support/calm-host.ts';
import { parseMetrics } from '../support/prometheus.ts';
import { runStatus } from '../web/statuses.ts';

const DOCS = join(import.meta.dirname, '../../docs');
const guide = readFileSync(join(DOCS, 'guide/health-and-metrics.md'), 'utf8');
const dashboard = readFileSync(join(DOCS, 'grafana/campaign.json'), 'utf8');

const host = { read: () => Promise.resolve(CALM_HOST) };
const metrics = new Metrics('spring', () => runStatus(), host);
const { types } = parseMetrics(await metrics.text());
const own = [...types.keys()].filter((name) => name.startsWith('campaign_')).toSorted();

describe('the guide', () => {
  it('has a line for each metric, and for no other', () => {
    const lines = [...guide.matchAll(/^\| `(campaign_\w+)` \|/gm)].map(([, name]) => name ?? '');
    expect(lines.toSorted()).toEqual(own);
  });

  it('says the truth of the figures of Node', () => {
    const [, names = ''] = /usual figures of a Node process: ([^.]+)\./.exec(guide) ?? [];
    const told = [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name ?? '');
    expect(told.length).toBeGreaterThan(3);
    expect(told.filter((name) => !types.has(name))).toEqual([]);
  });
});

describe('the dashboard', () => {
  interface Panel {
    readonly id: number;
    readonly targets?: readonly { readonly expr: string }[];
  }
  const { panels } = JSON.parse(dashboard) as { readonly panels: readonly Panel[] };
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  const named = new Set(
    queries
      .flatMap((query) => query.match(/\b(?:campaign|process|nodejs)_\w+(?=[{[])/g) ?? [])
      .map((name) => (types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, ''))),
  );

  it('shows each metric, and asks for none that there is not', () => {
    expect([...named].filter((name) => name.startsWith('campaign_')).toSorted()).toEqual(own);
    expect([...named].filter((name) => !types.has(name))).toEqual([]);
  });

  it('shows the chosen campaigns, and names each panel once', () => {
    for (const query of queries) expect(query).toContain('{campaign=~"$campaign"');
    const ids = panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
