import { describe, expect, it } from 'vitest';
import { RESULTS_HEADER, type ResultsCall, resultsRow } from '../../src/domain/results.ts';

const call: ResultsCall = {
  campaign: 'spring',
  call: 'b2f7',
  contact: { id: 'c1', name: 'Dana Sample', phone: '+14155550134' },
  outcome: 'previewed',
  detail: 'c1.wav',
  text: 'Hello Dana',
  startedMs: Date.UTC(2026, 2, 2, 9, 0, 0, 5),
  endedMs: Date.UTC(2026, 2, 2, 9, 0, 7),
  services: { llm: 'template', tts: 'flite', dialer: 'preview' },
};

function named(row: readonly string[]): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(RESULTS_HEADER.map((column, index) => [column, row[index]]));
}

describe('resultsRow', () => {
  it('puts every fact under its column', () => {
    expect(named(resultsRow(call))).toEqual({
      contact: 'c1',
      name: 'Dana Sample',
      phone: '+14155550134',
      outcome: 'previewed',
      detail: 'c1.wav',
      started_at: '2026-03-02T09:00:00.005Z',
      ended_at: '2026-03-02T09:00:07.000Z',
      text: 'Hello Dana',
      llm: 'template',
      tts: 'flite',
      dialer: 'preview',
      call: 'b2f7',
      campaign: 'spring',
    });
  });

  it('leaves empty what never came about', () => {
    const failed = {
      ...call,
      contact: { ...call.contact, name: undefined },
      outcome: 'failed',
      detail: undefined,
      text: undefined,
      services: {},
    } as const;
    expect(named(resultsRow(failed))).toMatchObject({
      name: '',
      outcome: 'failed',
      detail: '',
      text: '',
      llm: '',
      tts: '',
      dialer: '',
    });
    expect(resultsRow(failed)).toHaveLength(RESULTS_HEADER.length);
  });
});
