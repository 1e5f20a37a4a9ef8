import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/cli/config.ts';
import { ALERT_RULE_NAMES } from '../../src/cli/config-alert-rules.ts';
import { runCommandLine } from '../../src/cli/main.ts';
import { realClock } from '../../src/cli/world.ts';
import { DEFAULT_ALERT_POLICIES } from '../../src/domain/alert-policy.ts';
import { CALM_HOST } from '../support/calm-host.ts';
import { CommandBench } from '../support/command-bench.ts';
import { fakeWorld } from '../support/fake-world.ts';
import { loopback } from '../support/loopback.ts';

function policies(rules: string) {
  const text = `script: { template: "Hi." }\nalerts:\n  rules: ${rules}\n`;
  return parseConfig(text, { file: '/config.yml', env: {} }).alerts.policies;
}

function problems(rules: string): string {
  try {
    policies(rules);
    return '';
  } catch (error) {
    return String((error as Error).message);
  }
}

describe('alerts.rules', () => {
  it('are all of the rules that there are, as shipped where nothing is said', () => {
    expect(Object.values(ALERT_RULE_NAMES).toSorted()).toEqual(
      Object.keys(DEFAULT_ALERT_POLICIES).toSorted(),
    );
    expect(policies('{}')).toEqual(DEFAULT_ALERT_POLICIES);
  });

  it.each(Object.entries(ALERT_RULE_NAMES))(
    '%s can be switched off, or matter more',
    (name, key) => {
      expect(policies(`{ ${name}: { enabled: false } }`)[key].enabled).toBe(false);
      for (const severity of ['critical', 'warning', 'info']) {
        const changed = policies(`{ ${name}: { severity: ${severity} } }`);
        expect(changed[key]).toEqual({ ...DEFAULT_ALERT_POLICIES[key], severity });
      }
    },
  );

  it('can be changed and switched off', () => {
    const changed = policies(
      '{ error_rate: { threshold: 0.25, window: 1h, min_calls: 50, severity: warning }, ' +
        'slow_service: { threshold: 2500ms }, disk: { free: 500MB }, cpu: { lasts: 90s }, ' +
        'fallback: { enabled: false } }',
    );
    expect(changed.errorRate).toEqual({
      enabled: true,
      severity: 'warning',
      threshold: 0.25,
      windowMs: 3_600_000,
      callsMin: 50,
    });
    expect(changed.slowService.threshold).toBe(2_500);
    expect(changed.disk.freeBytesMin).toBe(500_000_000);
    expect(changed.cpu.lastsMs).toBe(90_000);
    expect(changed.fallback.enabled).toBe(false);
  });

  it.each([
    ['{ error_rate: { threshold: 10 } }', 'alerts.rules.error_rate.threshold', 'from 0 to 1'],
    ['{ error_rate: { severity: high } }', 'alerts.rules.error_rate.severity', 'critical, warning'],
    ['{ error_rate: { window: 15 } }', 'alerts.rules.error_rate.window', 'a duration from 1m'],
    ['{ disk: { free: 10% } }', 'alerts.rules.disk.free', 'a size from 1MB to 10GB'],
    ['{ disk: { free: 1GiB } }', 'alerts.rules.disk.free', 'units are KB, MB and GB: 500KB'],
    ['{ eror_rate: {} }', 'alerts.rules.eror_rate', 'error_rate'],
    ['{ cpu: { enabled: no thanks } }', 'alerts.rules.cpu.enabled', 'true or false'],
  ])('%s is refused', (rules, path, allowed) => {
    const told = problems(rules);
    expect(told).toContain('has 1 problem:');
    expect(told).toContain(path);
    expect(told).toContain(allowed);
  });
});

describe('a number without a unit', () => {
  it.each([
    ['{ error_rate: { window: 15 } }', 'from 1m to 24h; write 15m for minutes'],
    ['{ error_rate: { window: 90 } }', 'from 1m to 24h; write 90s for seconds'],
    ['{ error_rate: { window: 900000000 } }', 'from 1m to 24h; units are ms, s, m and h: 500ms,'],
    ['{ error_rate: { window: 0 } }', 'from 1m to 24h; units are ms, s, m and h: 500ms,'],
    ['{ slow_service: { threshold: 5000 } }', 'from 1ms to 1h; write 5000ms for milliseconds'],
    ['{ disk: { free: 500 } }', '2GB; write 500MB for millions of bytes'],
    ['{ disk: { free: 50000 } }', '2GB; write 50000KB for thousands of bytes'],
  ])('is told with a unit that is allowed: %s', (rules, hint) => {
    expect(problems(rules)).toContain(hint);
  });
});

describe('the guides', () => {
  const guide = (name: string) => {
    return readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'guide', name), 'utf8');
  };

  it('have every rule in the table, and what to do about it', () => {
    const names = Object.keys(ALERT_RULE_NAMES);
    const rows = [...guide('alerts.md').matchAll(/^\| (\w+) \| `(\w+)` \|/gm)];
    expect(rows.map(([, , rule]) => rule)).toEqual(names);
    for (const [, severity, rule = ''] of rows) {
      const name = ALERT_RULE_NAMES[rule as keyof typeof ALERT_RULE_NAMES];
      expect(`${rule} ${severity}`).toBe(`${rule} ${DEFAULT_ALERT_POLICIES[name].severity}`);
    }
    const [, ...sections] = guide('runbook.md').split(/^## /m);
    expect(sections.map((section) => section.split('\n')[0])).toEqual(
      expect.arrayContaining(names),
    );
    expect(sections).toHaveLength(names.length);
    for (const section of sections) {
      const parts = [...section.matchAll(/^- \*\*([\w ]+)\*\*: \S/gm)].map(([, part]) => part);
      expect([section.split('\n')[0], ...parts]).toEqual([
        section.split('\n')[0],
        'Symptom',
        'Look at',
        'Likely causes',
        'What to do',
      ]);
    }
  });

  it('show rules that config.yml takes, with their defaults', () => {
    const [, rules = ''] = /^alerts:\n {2}rules:\n((?: {4}.*\n)+)/m.exec(guide('alerts.md')) ?? [];
    const { campaignStarted, ...others } = policies(`\n${rules}`.replaceAll('\n', '\n  '));
    expect(campaignStarted.enabled).toBe(false);
    expect(others).toEqual(
      Object.fromEntries(
        Object.entries(DEFAULT_ALERT_POLICIES).filter(([name]) => name !== 'campaignStarted'),
      ),
    );
  });
});

describe('a run', () => {
  it('looks at the machine that it runs on', async () => {
    using bench = new CommandBench();
    bench.list('contacts.csv', [1]);
    const full = { name: 'store', path: bench.folder, freeBytes: 1, totalBytes: 1e9 };
    const world = fakeWorld({
      args: ['run', 'contacts.csv'],
      folder: bench.folder,
      figures: () => ({ ...CALM_HOST, disks: [full] }),
    });
    expect(await runCommandLine(world)).toBe(0);
    using store = bench.store();
    expect(store.alerts.load().open).toMatchObject([
      { key: 'host:disk:store', severity: 'warning', campaign: 'contacts' },
    ]);
  });
});

describe('the summary of a run', () => {
  it('says how long it worked, without what its alerts were waited for', async () => {
    const real = realClock();
    let slowMs = 0;
    const hook = await loopback(({ body }) => {
      if (body.includes('campaign:spring:finished')) slowMs += 60_000;
      return {};
    });
    using bench = new CommandBench();
    const webhook = `{ enabled: true, url: "${hook.url}", severities: [info] }`;
    bench.write('config.yml', `script: { template: "Hi." }\nalerts: { webhook: ${webhook} }\n`);
    bench.list('spring.csv', [1]);
    const clock = { ...real, wallMs: () => real.wallMs() + slowMs };
    const { stdout } = await bench.command('run spring.csv', { clock });
    expect(slowMs).toBe(60_000);
    expect(stdout).toMatch(/^\s*spring: 1 contact done in [\d.]+ m?s\. /);
  });
});
