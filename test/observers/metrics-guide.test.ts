/** What the guide and the dashboard say of the metrics, held against the metrics. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../src/cli/config.ts';
import type { CampaignEvent } from '../../src/domain/event.ts';
import { Metrics } from '../../src/observers/metrics.ts';
import { accessOf } from '../../src/web/access.ts';
import { CALM_HOST } from '../support/calm-host.ts';
import { EVERY_EVENT } from '../support/every-event.ts';
import { parseMetrics } from '../support/prometheus.ts';
import { runStatus } from '../web/statuses.ts';

const DOCS = join(import.meta.dirname, '../../docs');
const guide = readFileSync(join(DOCS, 'guide/health-and-metrics.md'), 'utf8');
const dashboard = readFileSync(join(DOCS, 'grafana/campaign.json'), 'utf8');

const figures = { ...CALM_HOST, networkReceivedBytes: 1, networkSentBytes: 1 };
const host = { read: () => Promise.resolve(figures) };
const metrics = new Metrics('spring', () => runStatus({ answers: 3 }), host);
const { types } = parseMetrics(await metrics.text());
const own = [...types.keys()].filter((name) => name.startsWith('campaign_')).toSorted();

/**
 * What not every run has: a service that says what it is paid for, a key that counts, and a call
 * that had been uncertain.
 */
const RETRIED_PAID_AND_CHOSEN: readonly CampaignEvent[] = [
  {
    type: 'retry.scheduled',
    call: 'w',
    step: 'script',
    service: 'openai',
    role: 'llm',
    retry: 1,
    delayMs: 1,
    code: 'timeout',
  },
  {
    type: 'step.finished',
    call: 'w',
    step: 'script',
    service: 'openai',
    role: 'llm',
    durationMs: 1,
    usage: { seconds: 1, inputTokens: 1, outputTokens: 1, characters: 1 },
  },
  {
    type: 'call.finished',
    contact: 'c',
    call: 'y',
    outcome: 'answered',
    answer: 'confirmed',
    durationMs: 1,
  },
  {
    type: 'call.finished',
    contact: 'c',
    call: 'z',
    outcome: 'busy',
    was: 'uncertain',
    durationMs: 1,
  },
];

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
    readonly targets?: readonly { readonly expr: string; readonly legendFormat?: string }[];
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

  it('knows each metric by the labels that it has', async () => {
    for (const event of [...EVERY_EVENT, ...RETRIED_PAID_AND_CHOSEN]) metrics.take(event);
    metrics.probed('flite', 'tts', true, 5);
    metrics.callBegun('x', 0);
    metrics.callEnded('x', 'twilio', 'answered', 5_000);
    const { samples } = parseMetrics(await metrics.text());
    const asked = panels.flatMap(({ targets = [] }) =>
      targets.flatMap(({ expr, legendFormat = '' }) => {
        const grouped = [...expr.matchAll(/ by \(([^)]*)\)/g)].flatMap(([, all = '']) =>
          all.split(/,\s*/),
        );
        const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
        return [...expr.matchAll(/\b(\w+)\{([^}]*)\}/g)].map(([, name = '', inner = '']) => {
          const matched = [...inner.matchAll(/(\w+)=~?"/g)].map(([, label = '']) => label);
          return { name, labels: [...new Set([...grouped, ...shown, ...matched])] };
        });
      }),
    );
    expect(asked.length).toBeGreaterThan(40);
    const missing = asked.flatMap(({ name, labels }) => {
      const its = samples.filter((sample) => sample.name === name);
      if (its.length === 0) return [`no sample of ${name}`];
      return labels
        .filter((label) => its.every((sample) => !(label in sample.labels)))
        .map((label) => `${name} has no ${label}`);
    });
    expect(missing).toEqual([]);
  });

  it('shows the chosen campaigns, and names each panel once', () => {
    for (const query of queries) expect(query).toContain('{campaign=~"$campaign"');
    const ids = panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('the example for Prometheus', () => {
  interface Job {
    readonly scheme?: string;
    readonly metrics_path?: string;
    readonly static_configs: readonly { readonly targets: readonly string[] }[];
  }
  const text = readFileSync(join(DOCS, 'grafana/prometheus.yml'), 'utf8');

  it('asks where a run shows its metrics, as it is shipped', () => {
    const { scrape_configs: jobs } = parse(text) as { readonly scrape_configs: readonly Job[] };
    const { server } = parseConfig('script: { template: "Hi." }', { file: '/c.yml', env: {} });
    const asked = jobs.map(({ scheme = 'http', metrics_path: path = '/metrics', ...job }) => {
      return job.static_configs[0]?.targets.map((target) => `${scheme}://${target}${path}`);
    });
    expect(asked).toEqual([[`http://${server.host}:${server.port}/metrics`]]);
  });

  it('names metrics that there are, and takes the token as a run does', () => {
    const named = text.match(/campaign_\w+/g) ?? [];
    expect(named.filter((name) => !types.has(name))).toEqual([]);
    const [, scheme = ''] = /type: (\w+)/.exec(text) ?? [];
    const asked = { path: '/metrics', host: 'runner', authorization: `${scheme} a-token` };
    expect(accessOf(asked, 'a-token')).toBe('allowed');
  });
});
