/** What a forecast says of the operator's own settings: money, channels, pace. */
import { expect, it } from 'vitest';
import { CommandBench } from '../support/command-bench.ts';

/** A rings-for-money config; what is written after it is on top. */
const TWILIO = `
script: { template: "Hello {{ name }}." }
services: { dialer: [twilio] }
providers:
  twilio:
    account_sid: "\${TWILIO_ACCOUNT_SID}"
    auth_token: "\${TWILIO_AUTH_TOKEN}"
    from: "+12025550100"
    prices: { per_minute: 0.03, billed_seconds: 60 }
`;

it('plays the budget: a run that it would end ends by it, with what it has cost', async () => {
  using bench = new CommandBench(`${TWILIO}campaign: { lines: 1, budget: 0.10 }\n`);
  const command = 'simulate --contacts 60 --config config.yml';
  const { stdout } = await bench.command(command);
  expect(stdout).toContain('campaign.budget is 0.10 USD: it is played, with estimates');
  expect(stdout).toContain('made-up: campaign.budget is spent, 4 contacts done');
  expect(stdout).toMatch(/cost +0\.12 of 0\.10 USD are spent by estimated usage\n/);
  const told = JSON.parse((await bench.command(`${command} --json`)).stdout);
  expect(told.exit_code).toBe(75);
  expect(told.contacts).toMatchObject({ done: 4, queued: 56 });
  expect(told.forecast.cost).toEqual({
    currency: 'USD',
    campaign: 0.12,
    budget: 0.1,
    unpriced: [],
  });
});

it('says what the list would cost where prices are written, and is silent without', async () => {
  using bench = new CommandBench(TWILIO);
  const { stdout } = await bench.command('simulate --contacts 60 --config config.yml --json');
  const { forecast, contacts, outcomes } = JSON.parse(stdout);
  expect(contacts.done).toBe(60);
  const pickedUp = outcomes.answered + outcomes.voicemail;
  expect(forecast.cost.campaign).toBeCloseTo(0.03 * pickedUp, 6);
  const free = await bench.command('simulate --json');
  expect(JSON.parse(free.stdout).forecast.cost).toBeNull();
});
