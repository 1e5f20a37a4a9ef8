import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { OtherDays } from '../../src/cli/other-days.ts';
import { simulatedCampaign } from '../../src/cli/simulated-campaign.ts';
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
