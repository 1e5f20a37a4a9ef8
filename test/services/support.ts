import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Contact } from '../../src/domain/contact.ts';
import { ServiceFailure } from '../../src/domain/failure.ts';
import type { RequestContext } from '../../src/engine/ports.ts';
import { wavHeader } from '../../src/services/tts/wav.ts';

/** An empty folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'campaign-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export function requestContext(signal = new AbortController().signal): RequestContext {
  return { campaign: 'spring', contact: 'c1', call: 'call-1', step: 'script', line: 1, signal };
}

export function contactOf(over: Partial<Contact> = {}): Contact {
  return {
    id: 'c1',
    name: 'Dana Sample',
    phone: '+14155550134',
    language: undefined,
    timezone: undefined,
    email: undefined,
    variables: {},
    line: 2,
    ...over,
  };
}

/** The failure a promise rejects with; throws where it does not, or with something else. */
export async function failureOf(work: Promise<unknown>): Promise<ServiceFailure> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ServiceFailure) {
      return error;
    }
    throw error;
  }
  throw new Error('it went well');
}

export function samplesOf(wav: Uint8Array): Int16Array {
  const header = wavHeader(wav);
  if (header === undefined) {
    throw new Error('no WAV file');
  }
  const data = wav.slice(header.dataOffset, header.dataOffset + header.dataBytes);
  return new Int16Array(data.buffer, 0, Math.floor(data.length / 2));
}

export function rms(samples: Int16Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

export function peak(samples: Int16Array): number {
  return samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0);
}

export function sine(hz: number, rateHz: number, samples: number, amplitude = 10_000): Int16Array {
  return Int16Array.from({ length: samples }, (_, index) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * hz * index) / rateHz)),
  );
}
