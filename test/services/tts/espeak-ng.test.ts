import { execFileSync } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Tts } from '../../../src/engine/ports.ts';
import { espeakLanguages, espeakNg } from '../../../src/services/tts/espeak-ng.ts';
import { TELEPHONE_HZ, telephoneWav } from '../../../src/services/tts/wav.ts';
import {
  failureOf,
  peak,
  requestContext,
  rms,
  samplesOf,
  sine,
  temporaryFolder,
} from '../support.ts';

/** As the program prints it, with fewer blanks. */
const LISTING = `Pty Language Age/Gender VoiceName File Other Languages
 5  de              --/M      German             gmw/de
 5  en-029          --/M      English_(Caribbean) gmw/en-029 (en 10)
 2  en-gb           --/M      English_(Great_Britain) gmw/en (en 2)
 2  en-us           --/M      English_(America)  gmw/en-US (en 3)
 5  es              --/M      Spanish_(Spain)    roa/es
 5  es-419          --/M      Spanish_(Latin_America) roa/es-419 (es-mx 6)(es 6)
 5  nb              --/M      Norwegian_Bokmål   gmq/nb (no 5)
 5  cmn             --/M      Chinese_(Mandarin) sit/cmn (zh-cmn 5)(zh 5)
`;

const never = new AbortController().signal;

/** A program that answers like espeak-ng; `speech` is what it does with a text. */
async function fakeProgram(speech: string): Promise<{ command: string; folder: string }> {
  const folder = await temporaryFolder();
  const command = join(folder, 'espeak-ng');
  await writeFile(join(folder, 'sound.wav'), telephoneWav(sine(440, 8000, 8000)));
  await writeFile(
    command,
    `#!${process.execPath}
const { readFileSync, writeFileSync, appendFileSync } = require('node:fs');
const folder = ${JSON.stringify(folder)};
const args = process.argv.slice(2);
appendFileSync(folder + '/calls', JSON.stringify(args) + '\\n');
const sound = () => process.stdout.write(readFileSync(folder + '/sound.wav'));
if (args[0] === '--version') console.log('eSpeak NG text-to-speech: 1.51  Data at: /usr/lib');
else if (args[0] === '--voices') console.log(${JSON.stringify(LISTING)});
else { ${speech} }
`,
  );
  await chmod(command, 0o755);
  return { command, folder };
}

async function fakeEspeak(speech: string): Promise<Tts> {
  return await espeakNg({ command: (await fakeProgram(speech)).command }, never);
}

describe('espeakLanguages', () => {
  it('leads from tags to voices, the better match for a shared one', () => {
    const languages = espeakLanguages(LISTING);
    expect(languages.get('en')).toBe('en-gb');
    expect(languages.get('en-us')).toBe('en-us');
    expect(languages.get('es')).toBe('es');
    expect(languages.get('es-mx')).toBe('es-419');
    expect(languages.get('no')).toBe('nb');
    expect(languages.get('zh')).toBe('cmn');
    expect(languages.has('language')).toBe(false);
    expect(languages.has('fr')).toBe(false);
  });
});

describe('espeak-ng', () => {
  it('chooses the voice by language, then by its base', async () => {
    const service = await fakeEspeak('sound()');
    expect(service.voice('de')).toBe('espeak-ng-1.51/8000/1/de');
    expect(service.voice('de-AT')).toBe(service.voice('de'));
    expect(service.voice('es-MX')).toBe('espeak-ng-1.51/8000/1/es-419');
    expect(service.voice('zh-Hans-CN')).toBe('espeak-ng-1.51/8000/1/cmn');
    expect(service.voice('fr')).toBeUndefined();
    expect(service.voice('d')).toBeUndefined();
  });

  it('hands the text over on standard input, never as an option or as phonemes', async () => {
    const { command, folder } = await fakeProgram(
      `writeFileSync(folder + '/text', readFileSync(0)); sound();`,
    );
    const service = await espeakNg({ command }, never);
    const text = '-v; rm $HOME `x` "Grüße" [[h@l]]';
    const { wav } = await service.speak({ text, language: 'de-DE' }, requestContext());
    expect(samplesOf(wav).length).toBe(8000);
    expect(await readFile(join(folder, 'text'), 'utf8')).toBe('-v; rm $HOME `x` "Grüße" [ [h@l]]');
    const calls = (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');
    expect(calls.at(-1)).toBe('["-v","de","-b","1","--stdin","--stdout"]');
  });

  it('says how to get it where it is not there', async () => {
    const missing = { command: join(await temporaryFolder(), 'espeak-ng') };
    expect(await failureOf(espeakNg(missing, never))).toMatchObject({
      kind: 'permanent',
      scope: 'service',
      code: 'not_installed',
      message:
        `espeak-ng is not installed (providers.espeak-ng.command: ${missing.command}): ` +
        'apt install espeak-ng, or take it out of services.tts',
    });
  });

  it('notices when it is gone while the campaign runs', async () => {
    const { command } = await fakeProgram('sound()');
    const service = await espeakNg({ command }, never);
    await expect(service.probe(never)).resolves.toBeUndefined();
    await writeFile(command, '#!/no/such/interpreter\n');
    expect((await failureOf(service.probe(never))).code).toBe('not_installed');
    await chmod(command, 0o644);
    const failure = await failureOf(
      service.speak({ text: 'Hallo', language: 'de' }, requestContext()),
    );
    expect(failure).toMatchObject({ kind: 'permanent', scope: 'service', code: 'EACCES' });
  });

  it.each([
    [
      `console.error('Error: no data\\nmore'); process.exit(2)`,
      'exit_2',
      'espeak-ng: Error: no data (exit code 2)',
    ],
    [`process.exit(1)`, 'exit_1', 'espeak-ng: no message (exit code 1)'],
    [
      `process.kill(process.pid, 'SIGSEGV'); setInterval(() => {}, 1000)`,
      'SIGSEGV',
      'espeak-ng: ended by SIGSEGV',
    ],
    [`process.stdin.resume()`, 'bad_audio', 'espeak-ng: it made nothing'],
    [`console.log('hello')`, 'bad_audio', 'espeak-ng: it made 6 bytes that are no WAV file'],
  ])('fails for now: %s', async (speech, code, message) => {
    const service = await fakeEspeak(speech);
    const failure = await failureOf(
      service.speak({ text: 'Hallo '.repeat(50_000), language: 'de' }, requestContext()),
    );
    expect(failure).toMatchObject({ kind: 'transient', scope: 'service', code, message });
  });

  it('refuses a text that makes no sound, and one that makes too much', async () => {
    const silent = await fakeEspeak(
      `const b = readFileSync(folder + '/sound.wav'); b.fill(0, 44); process.stdout.write(b)`,
    );
    const request = { text: '...', language: 'de' };
    expect(await failureOf(silent.speak(request, requestContext()))).toMatchObject({
      kind: 'permanent',
      scope: 'request',
      code: 'silent',
    });
    const endless = await fakeEspeak(
      `const b = Buffer.alloc(1 << 20);
       const more = () => { while (process.stdout.write(b)); };
       process.stdout.on('drain', more);
       more();`,
    );
    expect(await failureOf(endless.speak(request, requestContext()))).toMatchObject({
      kind: 'permanent',
      scope: 'request',
      code: 'too_long',
    });
  });

  it('refuses a language it does not speak', async () => {
    const service = await fakeEspeak('sound()');
    const request = { text: 'Bonjour', language: 'fr' };
    expect((await failureOf(service.speak(request, requestContext()))).code).toBe('no_voice');
  });

  it('ends the program when nobody waits for it any more', async () => {
    const { command, folder } = await fakeProgram(
      `writeFileSync(folder + '/pid', String(process.pid)); setInterval(() => {}, 1000)`,
    );
    const service = await espeakNg({ command }, never);
    const patience = new AbortController();
    const request = { text: 'Hallo', language: 'de' };
    const speaking = service.speak(request, requestContext(patience.signal));
    const pidFile = join(folder, 'pid');
    await expect.poll(() => readFile(pidFile, 'utf8').catch(() => '')).toMatch(/^\d+$/);
    const pid = Number(await readFile(pidFile, 'utf8'));
    patience.abort(new Error('too late'));
    await expect(speaking).rejects.toThrow('too late');
    await expect.poll(() => isAlive(pid)).toBe(false);
    await expect(service.speak(request, requestContext(AbortSignal.abort('gone')))).rejects.toBe(
      'gone',
    );
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const installed = isInstalled();
if (!installed) {
  console.log('espeak-ng is not installed: its real voice is not tried (apt install espeak-ng)');
}

describe.runIf(installed)('the real espeak-ng', () => {
  it('speaks German and Spanish as a telephone plays it', async () => {
    const service = await espeakNg({ command: 'espeak-ng' }, never);
    await service.probe(never);
    for (const [language, text] of [
      ['de', 'Guten Tag, Ihr Termin ist am Dienstag um halb elf. Auf Wiederhören.'],
      ['es-MX', 'Hola, su cita es el martes a las diez y media. Hasta luego.'],
    ] as const) {
      const { wav } = await service.speak({ text, language }, requestContext());
      const samples = samplesOf(wav);
      const seconds = samples.length / TELEPHONE_HZ;
      expect(seconds, language).toBeGreaterThan(2.5);
      expect(seconds, language).toBeLessThan(10);
      expect(rms(samples), language).toBeGreaterThan(1000);
      expect(peak(samples), language).toBeGreaterThan(5000);
      expect(Math.abs(samples[0] as number)).toBeLessThan(20);
      expect(Math.abs(samples.at(-1) as number)).toBeLessThan(20);
    }
  });
});

function isInstalled(): boolean {
  try {
    execFileSync('espeak-ng', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
