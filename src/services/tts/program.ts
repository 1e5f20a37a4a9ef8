/**
 * Another program, run once: text in, bytes out.
 */
import { spawn } from 'node:child_process';

/** How it went. */
export type Ran =
  | {
      readonly type: 'ended';
      readonly exitCode: number;
      readonly output: Buffer;
      /** The first line of what it complained about. */
      readonly complaint: string;
    }
  /** By a signal, such as SIGSEGV. */
  | { readonly type: 'killed'; readonly signal: string }
  /** It wrote more than was allowed, and was ended. */
  | { readonly type: 'too_long' }
  | { readonly type: 'not_started'; readonly error: NodeJS.ErrnoException };

const COMPLAINT_BYTES_MAX = 4096;

/**
 * Without a shell. Rejects with the signal's reason, and only with that; the program is ended then.
 *
 * @param input given on standard input, as UTF-8
 * @param outputBytesMax of standard output
 */
export function runProgram(
  command: string,
  options: readonly string[],
  input: string,
  outputBytesMax: number,
  signal: AbortSignal,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const child = spawn(command, options, { stdio: 'pipe', windowsHide: true });
    const output: Buffer[] = [];
    let outputBytes = 0;
    let complaint = '';
    const onAbort = (): void => {
      child.kill('SIGKILL');
      reject(signal.reason as Error);
    };
    const settle = (ran: Ran): void => {
      signal.removeEventListener('abort', onAbort);
      resolve(ran);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    child.on('error', (error) => {
      settle({ type: 'not_started', error });
    });
    child.stdout.on('data', (bytes: Buffer) => {
      outputBytes += bytes.length;
      if (outputBytes > outputBytesMax) {
        settle({ type: 'too_long' });
        child.kill('SIGKILL');
        return;
      }
      output.push(bytes);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(0, COMPLAINT_BYTES_MAX);
    });
    child.on('close', (exitCode, killedBy) => {
      settle(
        exitCode === null
          ? { type: 'killed', signal: killedBy ?? 'a signal' }
          : {
              type: 'ended',
              exitCode,
              output: Buffer.concat(output),
              complaint: complaint.trim().split('\n', 1)[0] ?? '',
            },
      );
    });
    // A program that ends before it has read everything shows that by how it ended.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
