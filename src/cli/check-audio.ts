/**
 * Whether Twilio will find the audio that it is to play, as far as that can be seen from here: a
 * file of the folder is asked for where it is published. Nobody is rung, and nothing is written.
 */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ServiceFailure } from '../domain/failure.ts';
import { maskNumbers } from '../domain/privacy.ts';
import type { HttpResponse } from '../engine/ports.ts';
import { faultOf } from '../engine/probe.ts';
import { isCertificateFault, openHttp, urlUnder } from '../services/http.ts';
import { AUDIO_SETTING, publishedAt } from './audio-address.ts';
import type { Reach, ServiceCheck } from './check-online.ts';
import { campaignFolders, shownPath } from './folders.ts';
import type { Config } from './settings.ts';
import { USER_AGENT } from './version.ts';
import type { World } from './world.ts';

type Found = Pick<ServiceCheck, 'reach' | 'detail'>;

/** As one more line below the services; none where Twilio plays nothing. */
export async function checkAudio(world: World, config: Config): Promise<readonly ServiceCheck[]> {
  const base = publishedAt(config);
  if (base === undefined) {
    return [];
  }
  const { audio } = campaignFolders(config, 'check');
  const kept = await someFile(audio);
  const asked = kept ?? NO_FILE;
  const found = await inLimit(world, config.healthCheck.timeoutMs, async (signal) => {
    await using http = openHttp({ userAgent: USER_AGENT, clock: world.clock });
    const response = await http.send({
      method: 'GET',
      url: urlUnder(base, `/${asked}`),
      // Servers may send the whole all the same.
      headers: { range: `bytes=0-${HEAD_BYTES - 1}`, accept: 'audio/*' },
      bytesMax: WHOLE_BYTES_MAX,
      signal,
      idempotent: true,
      setting: AUDIO_SETTING,
    });
    return kept === undefined
      ? ofMissing(response)
      : ofFile(response, kept, shownPath(audio, world.folder));
  });
  const detail = found.detail && maskNumbers(found.detail);
  return [
    { role: 'dialer', service: 'twilio', key: 'twilio (audio)', ...found, detail, hasKey: false },
  ];
}

/** There is none of this name: what a server says then shows what it is. */
const NO_FILE = `00/${'0'.repeat(64)}.wav`;
const HEAD_BYTES = 44;
const WHOLE_BYTES_MAX = 64_000_000;
/** Types that Twilio is known to play a WAV file under. */
const AUDIO_TYPE = /^audio\//i;

async function inLimit(
  { clock }: World,
  timeoutMs: number,
  ask: (signal: AbortSignal) => Promise<Found>,
): Promise<Found> {
  const limit = new AbortController();
  const cancel = clock.after(timeoutMs, () => {
    limit.abort(new Error(`no answer to the check within ${timeoutMs / 1_000} s`));
  });
  try {
    return await ask(limit.signal);
  } catch (error) {
    const isOdd = error instanceof ServiceFailure && error.status !== undefined;
    const reach = isCertificateFault(error) ? 'untrusted' : isOdd ? 'failing' : 'unreachable';
    return { reach, detail: `${faultOf(error)}; check ${AUDIO_SETTING}` };
  } finally {
    cancel();
  }
}

/** One that is kept already, as it is named under the folder. */
async function someFile(folder: string): Promise<string | undefined> {
  const parts = await readdir(folder).catch(() => []);
  for (const part of parts) {
    const names = await readdir(join(folder, part)).catch(() => []);
    for (const name of names) {
      if (name.endsWith('.wav') && (await isReadable(join(folder, part, name)))) {
        return `${part}/${name}`;
      }
    }
  }
  return undefined;
}

async function isReadable(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  await file?.close();
  return file !== undefined;
}

function ofFile(response: HttpResponse, file: string, folder: string): Found {
  const { status, headers, body } = response;
  const what = `${file} of ${folder}`;
  if (status !== 200 && status !== 206) {
    return refused(status, `${what}: publish the folder itself there, with its subfolders`);
  }
  const type = headers['content-type'] ?? 'no content-type';
  if (!isWav(body)) {
    const seen = isPage(response) ? 'a page' : 'something else';
    return failing(`answered with ${seen} (${type}) for ${what}, which is audio`);
  }
  return AUDIO_TYPE.test(type)
    ? { reach: 'ok', detail: `serves ${file}` }
    : {
        reach: 'unsure',
        detail:
          `serves ${file} as ${type}: Twilio may refuse to play what is not called audio/wav; ` +
          'have the server say so of .wav',
      };
}

function ofMissing(response: HttpResponse): Found {
  const { status, headers } = response;
  if (status === 404 || status === 410 || status === 403) {
    return {
      reach: 'unsure',
      detail:
        `is there (answered ${status}); no audio has been made yet that could be asked for: ` +
        'check again after a text was spoken',
    };
  }
  if (status !== 200 && status !== 206) {
    return refused(status, 'a file that is not there');
  }
  const type = headers['content-type'] ?? 'no content-type';
  const seen = isPage(response) ? 'a page' : `something (${type})`;
  return failing(`answered with ${seen} for a file that is not there: is it the right address?`);
}

function refused(status: number, what: string): Found {
  const why =
    status === 401
      ? '; Twilio has no password for it'
      : status >= 300 && status < 400
        ? '; write the address to which it leads'
        : '';
  const reach: Reach = status === 401 || status === 403 ? 'refused' : 'failing';
  return { reach, detail: `answered ${status} for ${what}${why}; check ${AUDIO_SETTING}` };
}

function failing(detail: string): Found {
  return { reach: 'failing', detail: `${detail}; check ${AUDIO_SETTING}` };
}

function isWav(body: Uint8Array): boolean {
  const text = Buffer.from(body.subarray(0, 12)).toString('latin1');
  return text.startsWith('RIFF') && text.endsWith('WAVE');
}

function isPage({ headers, body }: HttpResponse): boolean {
  const start = Buffer.from(body.subarray(0, 200)).toString('utf8').trimStart();
  return start.startsWith('<') || /html/i.test(headers['content-type'] ?? '');
}
