import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { OtherDays } from '../../src/cli/other-days.ts';
import { figuresOf } from '../../src/cli/outage-price.ts';
import { simulatedCampaign } from '../../src/cli/simulated-campaign.ts';
import { playCampaign, virtualClock } from '../../src/cli/simulated-run.ts';
import type { Outage } from '../../src/sim/outage.ts';
import { fakeWorld } from '../support/fake-world.ts';

const CONTACTS = 5_000;

it('plays a day here that broke off on the other core', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'campaign-days-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const world = fakeWorld({ args: [], folder, cores: 2 });
  const options = { contacts: CONTACTS, lines: 100, outage: ['elevenlabs'] };
  const campaign = await simulatedCampaign(world, undefined, options, () => undefined);
  const never = new AbortController().signal;
  const signals = { drain: never, stop: never };
  const [outage] = campaign.outages;
  // What the thread is handed first is no outage: it ends over it.
  let looks = 0;
  const places = (): unknown => {
    looks += 1;
    return looks === 1 ? null : outage?.places;
  };
  const broken = Object.defineProperty({ ...outage }, 'places', {
    enumerable: true,
    get: places,
  }) as Outage;
  const parts = { world, campaign, seed: 7, signals, days: [[broken], []] };
  await using others = new OtherDays(parts);
  const figures = await others.figures(() => true);
  const alone = { ...parts, world: fakeWorld({ args: [], folder }) };
  await using here = new OtherDays({ ...alone, days: [campaign.outages, []] });
  expect(figures).toEqual(await here.figures(() => true));
  expect(figures.map((day) => day?.hasAll)).toEqual([true, true]);
});

it('has the figures of a day on which the operator is told', async () => {
  const world = fakeWorld({ args: [], folder: '/' });
  const outage = ['elevenlabs@+1m-+20m', 'hubspot@+5m-+9m:timeout'];
  const options = { contacts: 300, lines: 10, outage };
  const campaign = await simulatedCampaign(world, undefined, options, () => undefined);
  const never = new AbortController().signal;
  const parts = { world, campaign, seed: 7, signals: { drain: never, stop: never } };
  await using others = new OtherDays({ ...parts, days: [campaign.outages] });
  const told: string[] = [];
  const play = { ...parts, outages: campaign.outages };
  const onAlert = ({ key }: { readonly key: string }): void => void told.push(key);
  const clock = virtualClock(world, campaign.startMs);
  const day = await playCampaign(world, { ...play, onAlert }, clock);
  expect(told.length).toBeGreaterThan(1);
  expect(await others.figures(() => true)).toEqual([figuresOf(day)]);
});
