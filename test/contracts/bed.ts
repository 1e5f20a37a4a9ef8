import type { ServiceName } from '../../src/cli/service-names.ts';

/** The vendors that are held against their contracts. The bed has more. */
export const VENDORS = [
  'twilio',
  'openai',
  'openrouter',
  'anthropic',
  'elevenlabs',
  'hubspot',
] as const;
/** Services that go over a network and are held against no contract, with the reason. */
export const UNHELD: Readonly<Partial<Record<ServiceName, string>>> = {
  google: 'the bed has no contract of the Gemini API',
  webhook: 'its receiver is the operator, and docs/guide/vendors.md says what is sent',
  'asterisk-ari': 'tried on a real Asterisk instead: npm run test:asterisk',
  'asterisk-ami': 'tried on a real Asterisk instead: npm run test:asterisk',
};

export type Vendor = (typeof VENDORS)[number];

/** Of the bed, which has no say in them. */
const PORTS: Readonly<Record<Vendor, number>> = {
  twilio: 4101,
  openai: 4102,
  elevenlabs: 4103,
  hubspot: 4104,
  openrouter: 4105,
  anthropic: 4106,
};

export function urlOf(vendor: Vendor): string {
  return `http://127.0.0.1:${PORTS[vendor]}`;
}

export interface Scripted {
  readonly code: number;
  readonly times?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Part of method and path, such as `POST /v1`. */
  readonly match?: string;
}

/** The next requests fail, in the vendor's own shape. */
export async function failNext(vendor: Vendor, scripted: Scripted): Promise<void> {
  const body = JSON.stringify(scripted);
  await fetch(`${urlOf(vendor)}/__bed/next`, { method: 'POST', body });
}

/** Forgets what was asked and what was scripted. */
export async function clear(vendor: Vendor): Promise<void> {
  await fetch(`${urlOf(vendor)}/__bed/log`, { method: 'DELETE' });
}

/** Every request since then, and those of them that broke the contract. */
export async function journal(
  vendor: Vendor,
): Promise<{ readonly requests: readonly string[]; readonly bad: readonly unknown[] }> {
  const read = async (name: string): Promise<unknown> =>
    await (await fetch(`${urlOf(vendor)}/__bed/${name}`)).json();
  const log = (await read('log')) as { method: string; url: string }[];
  const requests = log.map(({ method, url }) => `${method} ${url}`);
  return { requests, bad: (await read('bad')) as unknown[] };
}
