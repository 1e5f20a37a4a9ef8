import { describe, expect, it } from 'vitest';
import { statusPage } from '../../src/web/page.ts';
import { clearNumbers } from '../support/command-bench.ts';
import { AWAY, runStatus, service, WELL } from './statuses.ts';

const shown = async (...more: Parameters<typeof runStatus>): Promise<string> =>
  String(await statusPage(runStatus(...more)));

describe('the page for people', () => {
  it('tells in one look what is going on', async () => {
    const page = await shown();
    expect(page).toContain('<h1>spring is at work</h1>');
    expect(page).toContain('All 5 services work.');
    expect(page).toContain('301 of 1,200 contacts have their outcome');
    expect(page).toContain('<th scope="row">put off</th><td class="n">6</td>');
    expect(page).toContain('3 of 4');
    expect(page).toContain('75 % were answered.');
    expect(page).toContain('An answered call lasted 42 s on average.');
    expect(page).toContain('<meta http-equiv="refresh" content="10">');
  });

  it('tells who is away, since when, why, and whether somebody stands in', async () => {
    const one = WELL.map((each) => (each.service === 'elevenlabs' ? { ...each, ...AWAY } : each));
    const page = await shown({ services: one });
    expect(page).toContain('The work goes on without elevenlabs.');
    expect(page).toContain('answers its check, but the work fails; breaker open; asked again in');
    expect(page).toContain('2026-03-02 09:20:00 UTC: answered 503');
    const all = WELL.map((each) => (each.role === 'tts' ? { ...each, ...AWAY } : each));
    expect(await shown({ services: all })).toContain('Nobody does the work of tts now:');
  });

  it('says where it is while there is nothing to show', async () => {
    const page = await shown({ phase: 'starting', services: [], outcomes: new Map() });
    expect(page).toContain('spring is reading the list');
    expect(page).not.toContain('Services');
  });

  it('escapes everything, and shows no number', async () => {
    const evil = '<script>alert("1")</script>&\'';
    const ill = service(evil, 'tts', { ...AWAY, reason: `${evil} +14155550134`, key: evil });
    const page = await shown({ campaign: evil, version: evil, services: [ill] });
    expect(page).not.toContain('<script');
    expect(page).not.toContain('alert("1")');
    expect(
      page.match(/&lt;script&gt;alert\(&quot;1&quot;\)&lt;\/script&gt;&amp;&#39;/g),
    ).toHaveLength(6);
    expect(clearNumbers(page)).toEqual([]);
    expect(page).toContain('+1 415 *** **34');
  });

  it('loads nothing from anywhere and runs nothing', async () => {
    const page = await shown();
    expect(page).not.toMatch(/src=|<link|<script|@import|url\(/);
    expect([...page.matchAll(/href="([^"]*)"/g)].map(([, to]) => to)).toEqual([
      '/health',
      '/api/health',
      '/live',
      '/ready',
      '/metrics',
    ]);
  });
});
