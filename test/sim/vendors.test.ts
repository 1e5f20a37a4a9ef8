import { describe, expect, it } from 'vitest';
import { SERVICES_BY_ROLE } from '../../src/cli/service-names.ts';
import { ROLES } from '../../src/domain/words.ts';
import { DEFAULT_BEHAVIOUR } from '../../src/sim/behaviour.ts';
import {
  answerMs,
  LOCAL_ANSWER_MS,
  placesOf,
  VENDOR_NAMES,
  VENDORS,
} from '../../src/sim/vendors.ts';

const CHAINS = {
  llm: ['openai', 'template'],
  tts: ['elevenlabs', 'openai', 'flite'],
  dialer: ['twilio'],
  crm: ['csv'],
};

describe('the vendors', () => {
  it('hold every service that can be configured, in its role', () => {
    for (const role of ROLES) {
      const services = VENDORS.filter((place) => place.role === role).map((one) => one.service);
      expect(services).toEqual(expect.arrayContaining([...SERVICES_BY_ROLE[role]]));
    }
  });

  it('are never named like a role', () => {
    expect(VENDOR_NAMES.filter((name) => ['all', ...ROLES].includes(name))).toEqual([]);
    expect(new Set(VENDOR_NAMES).size).toBe(VENDOR_NAMES.length);
  });

  it('answer in milliseconds where they are on this machine, else as their role does', () => {
    const ms = (role: (typeof ROLES)[number], service: string): number =>
      answerMs(DEFAULT_BEHAVIOUR, { role, service });
    expect(ms('llm', 'template')).toBe(LOCAL_ANSWER_MS['template']);
    expect(ms('tts', 'elevenlabs')).toBe(DEFAULT_BEHAVIOUR.answerMs.tts);
    expect(ms('llm', 'openai')).toBe(DEFAULT_BEHAVIOUR.answerMs.llm);
    expect(VENDOR_NAMES).toEqual(expect.arrayContaining(Object.keys(LOCAL_ANSWER_MS)));
  });
});

describe('the places of a target', () => {
  it('are all there are', () => {
    expect(placesOf({ type: 'all' }, CHAINS)).toEqual({
      inUse: true,
      places: [
        { role: 'llm', service: 'openai' },
        { role: 'llm', service: 'template' },
        { role: 'tts', service: 'elevenlabs' },
        { role: 'tts', service: 'openai' },
        { role: 'tts', service: 'flite' },
        { role: 'dialer', service: 'twilio' },
        { role: 'crm', service: 'csv' },
      ],
    });
  });

  it('are the whole chain of a role', () => {
    expect(placesOf({ type: 'role', role: 'tts' }, CHAINS)).toEqual({
      inUse: true,
      places: CHAINS.tts.map((service) => ({ role: 'tts', service })),
    });
  });

  it('are a service in each role that names it', () => {
    expect(placesOf({ type: 'service', service: 'openai' }, CHAINS)).toEqual({
      inUse: true,
      places: [
        { role: 'llm', service: 'openai' },
        { role: 'tts', service: 'openai' },
      ],
    });
    expect(
      placesOf({ type: 'service', service: 'openai' }, { ...CHAINS, llm: ['template'] }),
    ).toEqual({ inUse: true, places: [{ role: 'tts', service: 'openai' }] });
  });

  it('are what a service could fill where no chain names it, and that is said', () => {
    expect(placesOf({ type: 'service', service: 'hubspot' }, CHAINS)).toEqual({
      inUse: false,
      places: [{ role: 'crm', service: 'hubspot' }],
    });
  });
});
