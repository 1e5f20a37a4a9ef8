import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { FLITE_VOICES, flite, fliteVoiceProblem } from '../../../src/services/tts/flite.ts';
import { TELEPHONE_HZ } from '../../../src/services/tts/wav.ts';
import { failureOf, peak, requestContext, rms, samplesOf, temporaryFolder } from '../support.ts';

const SENTENCE = 'Hello Dana, your appointment is on Tuesday at half past ten.';
const voice = flite({ voice: 'slt', workers: 1 });

afterAll(async () => {
  await voice[Symbol.asyncDispose]();
});

async function spoken(text: string, service = voice): Promise<Int16Array> {
  const { wav } = await service.speak({ text, language: 'en' }, requestContext());
  return samplesOf(wav);
}

function seconds(samples: Int16Array): number {
  return samples.length / TELEPHONE_HZ;
}

describe('flite', () => {
  it('says a sentence: of a sentence’s length, audible, from rest to rest', async () => {
    const samples = await spoken(SENTENCE);
    expect(seconds(samples)).toBeGreaterThan(3);
    expect(seconds(samples)).toBeLessThan(7);
    expect(rms(samples)).toBeGreaterThan(1500);
    expect(peak(samples)).toBeGreaterThan(10_000);
    expect(Math.abs(samples[0] as number)).toBeLessThan(20);
    expect(Math.abs(samples.at(-1) as number)).toBeLessThan(20);
  });

  it('says the same words the same way, so that audio can be kept by its words', async () => {
    expect(await spoken(SENTENCE)).toEqual(await spoken(SENTENCE));
  });

  it('has the voices it names, all of them different', async () => {
    const sounds = new Set<string>();
    for (const name of FLITE_VOICES) {
      await using other = flite({ voice: name, workers: 1 });
      const samples = await spoken('Good morning.', other);
      expect(rms(samples), name).toBeGreaterThan(800);
      sounds.add(Buffer.from(samples.buffer).toString('base64'));
    }
    expect(sounds.size).toBe(FLITE_VOICES.length);
  });

  it('does not take one voice for another', () => {
    expect(() => flite({ voice: 'samantha' })).toThrow(
      'flite: there is no voice "samantha"; there are slt, rms, awb, kal16, kal',
    );
    expect(fliteVoiceProblem('awb_time')).toContain('there is no voice "awb_time"');
    expect(fliteVoiceProblem('rms')).toBeUndefined();
  });

  it('speaks English, of any country, and nothing else', () => {
    expect(voice.voice('en')).toBe('flite-2.3/8000/1/slt');
    expect(voice.voice('en-GB')).toBe(voice.voice('en'));
    expect(voice.voice('EN-us')).toBe(voice.voice('en'));
    expect(flite({ voice: 'rms' }).voice('en')).not.toBe(voice.voice('en'));
    for (const language of ['es', 'de-DE', 'eng', 'ento', '']) {
      expect(voice.voice(language)).toBeUndefined();
    }
  });

  it('says the last word, also when it stands alone', async () => {
    const without = seconds(await spoken('Thank you.'));
    expect(seconds(await spoken('Thank you. Goodbye.'))).toBeGreaterThan(without + 0.4);
    expect(seconds(await spoken('Thank you: goodbye'))).toBeGreaterThan(without + 0.4);
  });

  it('takes no text for an option', async () => {
    for (const text of ['-lv', '--help me', '-o elsewhere', '-f text']) {
      expect(rms(await spoken(text)), text).toBeGreaterThan(800);
    }
  });

  it('says figures and signs, and a text longer than any call', async () => {
    const figures = await spoken(
      'Call 415 555 0134, it costs $25.50 & 10% on 03/04. I’m “sure” — yes!',
    );
    expect(seconds(figures)).toBeGreaterThan(7);
    const long = await spoken(`${SENTENCE} `.repeat(40));
    expect(seconds(long)).toBeGreaterThan(100);
  });

  it.each(['', '...', ' \n\n ', '🎉', '!?'])('refuses %o: silence is no message', async (text) => {
    expect(await failureOf(spoken(text))).toMatchObject({
      kind: 'permanent',
      scope: 'request',
      code: 'silent',
    });
  });

  it('refuses letters it would leave out', async () => {
    expect(await failureOf(spoken('Hello Дмитрий'))).toMatchObject({
      kind: 'permanent',
      scope: 'request',
      code: 'foreign_letters',
      message: 'flite speaks English only and cannot say "Дмитрий"',
    });
  });

  it('lets the lines go on while it speaks', async () => {
    let ticks = 0;
    const ticking = setInterval(() => {
      ticks += 1;
    }, 5);
    onTestFinished(() => clearInterval(ticking));
    await spoken(`${SENTENCE} `.repeat(10));
    expect(ticks).toBeGreaterThan(20);
  });

  it('stops when told to, and goes on with the next', async () => {
    const patience = new AbortController();
    const long = voice.speak(
      { text: SENTENCE.repeat(100), language: 'en' },
      requestContext(patience.signal),
    );
    const next = spoken('Good morning.');
    patience.abort(new Error('too late'));
    await expect(long).rejects.toThrow('too late');
    expect(rms(await next)).toBeGreaterThan(800);
  });

  it('is well when it can speak', async () => {
    await expect(voice.probe(new AbortController().signal)).resolves.toBeUndefined();
  });

  it('leaves no file behind, also where it was stopped', async () => {
    const folder = await temporaryFolder();
    vi.stubEnv('TMPDIR', folder);
    {
      await using other = flite({ voice: 'slt', workers: 1 });
      await spoken('Good morning.', other);
      const [scratch = ''] = await readdir(folder);
      expect(await readdir(`${folder}/${scratch}`)).toEqual([]);
      const stopped = failureOf(spoken(SENTENCE.repeat(100), other));
      await other[Symbol.asyncDispose]();
      expect((await stopped).code).toBe('closed');
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it('prints nothing and does not keep a process alive', async () => {
    const module = new URL('../../../src/services/tts/flite.ts', import.meta.url);
    const program = `
      const { flite } = await import(${JSON.stringify(module.href)});
      const voice = flite({ voice: 'slt' });
      const { signal } = new AbortController();
      const { wav } = await voice.speak({ text: 'Hello.', language: 'en' }, { signal });
      console.log(wav.length > 4000);
    `;
    const run = promisify(execFile);
    const env = { ...process.env, TMPDIR: await temporaryFolder() };
    const options = { cwd: dirname(fileURLToPath(import.meta.url)), env, timeout: 15_000 };
    const { stdout, stderr } = await run(process.execPath, ['-e', program], options);
    expect({ stdout, stderr }).toEqual({ stdout: 'true\n', stderr: '' });
  });
});
