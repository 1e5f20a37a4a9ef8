/**
 * WAV files: reading what a voice made, and making of it what a telephone plays.
 */
import { type Resampler, resampler } from './resample.ts';

/** What a telephone line carries, and what every call is played in. */
export const TELEPHONE_HZ = 8000;

/** What the header of a WAV file says. Sizes in bytes. */
export interface WavHeader {
  readonly sampleRateHz: number;
  readonly channels: number;
  readonly bitsPerSample: number;
  /** Whether the samples are plain numbers (PCM) and not compressed. */
  readonly plain: boolean;
  readonly dataOffset: number;
  /** As the header claims; a program that writes to a pipe claims far too much. */
  readonly dataBytes: number;
}

const PCM = 1;
/** The format stands further on, in a header with more fields; PCM in all files met so far. */
const EXTENSIBLE = 0xfffe;
const BYTES_PER_SAMPLE = 2;
const HEADER_BYTES = 44;
const RATE_HZ_MIN = 4_000;
const RATE_HZ_MAX = 192_000;
/** 11,025 Hz and its multiples have the least in common with 8 kHz. */
const RATE_STEP_HZ = 25;
/** Long enough for no click, too short to be heard as a fade. */
const FADE_MS = 4;
/** Peaks of speech lie above 10,000; the voices' own silence stays below 100. */
const SILENCE_PEAK_MAX = 300;

/** The header, from the file's first bytes; undefined where this is no WAV file. */
export function wavHeader(bytes: Uint8Array): WavHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || tagAt(bytes, 0) !== 'RIFF' || tagAt(bytes, 8) !== 'WAVE') {
    return undefined;
  }
  let format: Omit<WavHeader, 'dataOffset' | 'dataBytes'> | undefined;
  let offset = 12;
  while (offset + 8 <= bytes.length) {
    const tag = tagAt(bytes, offset);
    const size = view.getUint32(offset + 4, true);
    if (tag === 'data') {
      return format && { ...format, dataOffset: offset + 8, dataBytes: size };
    }
    if (tag === 'fmt ' && size >= 16 && offset + 24 <= bytes.length) {
      const kind = view.getUint16(offset + 8, true);
      format = {
        plain: kind === PCM || kind === EXTENSIBLE,
        channels: view.getUint16(offset + 10, true),
        sampleRateHz: view.getUint32(offset + 12, true),
        bitsPerSample: view.getUint16(offset + 22, true),
      };
    }
    // Chunks begin at even offsets.
    offset += 8 + size + (size % 2);
  }
  return undefined;
}

/** Whether this is what `Speech` promises: 8 kHz, mono, 16 bit. */
export function isTelephoneFormat(header: WavHeader): boolean {
  const { plain, channels, sampleRateHz, bitsPerSample } = header;
  return plain && channels === 1 && sampleRateHz === TELEPHONE_HZ && bitsPerSample === 16;
}

/** How long sound in the telephone's format plays. */
export function telephoneDurationMs(header: WavHeader): number {
  return (header.dataBytes / BYTES_PER_SAMPLE / TELEPHONE_HZ) * 1000;
}

/** A sound in the telephone's format, or why there is none. */
export type TelephoneSound =
  | { readonly type: 'sound'; readonly wav: Uint8Array<ArrayBuffer> }
  /** No WAV file of 16 bit samples, or cut off. `found` says what was there instead. */
  | { readonly type: 'unreadable'; readonly found: string }
  /** Nothing is to be heard in it. */
  | { readonly type: 'silent' };

/** Turns what voices say into what a telephone plays; keeps the filters it has made. */
export class TelephoneSounds {
  readonly #resamplers = new Map<number, Resampler>();

  /**
   * @param piped the file came through a pipe: its header cannot know its length, so the sound
   *   goes on to the end. Elsewhere, a file shorter than its header says is unreadable.
   */
  from(bytes: Uint8Array, piped: boolean): TelephoneSound {
    const header = wavHeader(bytes);
    const unreadable = problemOf(bytes, header, piped);
    if (header === undefined || unreadable !== undefined) {
      return { type: 'unreadable', found: unreadable ?? '' };
    }
    const claimed = piped && header.dataBytes === 0 ? bytes.length : header.dataBytes;
    const end = Math.min(bytes.length, header.dataOffset + claimed);
    const samples = monoSamples(bytes.subarray(header.dataOffset, end), header.channels);
    return this.#sound(samples, header.sampleRateHz);
  }

  /** The same for samples without a header: mono, 16 bit, the low byte first. */
  fromSamples(bytes: Uint8Array, rateHz: number): TelephoneSound {
    if (bytes.length === 0 || bytes.length % BYTES_PER_SAMPLE !== 0) {
      const found = bytes.length === 0 ? 'nothing' : `${bytes.length} bytes, the last sample cut`;
      return { type: 'unreadable', found };
    }
    return this.#sound(monoSamples(bytes, 1), rateHz);
  }

  #sound(samples: Int16Array, rateHz: number): TelephoneSound {
    const sound = this.#resampler(rateHz).resample(samples);
    if (!sound.some((sample) => Math.abs(sample) > SILENCE_PEAK_MAX)) {
      return { type: 'silent' };
    }
    fadeEnds(sound);
    return { type: 'sound', wav: telephoneWav(sound) };
  }

  #resampler(fromHz: number): Resampler {
    let found = this.#resamplers.get(fromHz);
    if (found === undefined) {
      found = resampler(fromHz, TELEPHONE_HZ);
      this.#resamplers.set(fromHz, found);
    }
    return found;
  }
}

/** A WAV file of samples at 8 kHz, mono, 16 bit. */
export function telephoneWav(samples: Int16Array): Uint8Array<ArrayBuffer> {
  const dataBytes = samples.length * BYTES_PER_SAMPLE;
  const wav = new Uint8Array(HEADER_BYTES + dataBytes);
  const view = new DataView(wav.buffer);
  putTag(wav, 0, 'RIFF');
  view.setUint32(4, HEADER_BYTES - 8 + dataBytes, true);
  putTag(wav, 8, 'WAVE');
  putTag(wav, 12, 'fmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, PCM, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, TELEPHONE_HZ, true);
  view.setUint32(28, TELEPHONE_HZ * BYTES_PER_SAMPLE, true);
  view.setUint16(32, BYTES_PER_SAMPLE, true);
  view.setUint16(34, BYTES_PER_SAMPLE * 8, true);
  putTag(wav, 36, 'data');
  view.setUint32(40, dataBytes, true);
  samples.forEach((sample, index) => {
    view.setInt16(HEADER_BYTES + index * BYTES_PER_SAMPLE, sample, true);
  });
  return wav;
}

function problemOf(
  bytes: Uint8Array,
  header: WavHeader | undefined,
  piped: boolean,
): string | undefined {
  if (header === undefined) {
    return bytes.length === 0 ? 'nothing' : `${bytes.length} bytes that are no WAV file`;
  }
  const { plain, bitsPerSample, channels, sampleRateHz } = header;
  if (!plain || bitsPerSample !== 16 || channels < 1 || !isRate(sampleRateHz)) {
    return `a WAV file of ${bitsPerSample} bit, ${channels} channels, ${sampleRateHz} Hz`;
  }
  const missing = header.dataOffset + header.dataBytes - bytes.length;
  return missing > 0 && !piped ? `a WAV file that lacks its last ${missing} bytes` : undefined;
}

/**
 * All that sound has ever been kept in are such. Anything else is no header, and a filter for it
 * would take minutes and gigabytes to make.
 */
function isRate(rateHz: number): boolean {
  return rateHz >= RATE_HZ_MIN && rateHz <= RATE_HZ_MAX && rateHz % RATE_STEP_HZ === 0;
}

/** Several channels become their mean. */
function monoSamples(data: Uint8Array, channels: number): Int16Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const samples = new Int16Array(Math.floor(data.length / (BYTES_PER_SAMPLE * channels)));
  for (let index = 0; index < samples.length; index += 1) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel += 1) {
      sum += view.getInt16((index * channels + channel) * BYTES_PER_SAMPLE, true);
    }
    samples[index] = Math.round(sum / channels);
  }
  return samples;
}

/** A line that jumps to a value or drops from one clicks. */
function fadeEnds(samples: Int16Array): void {
  const length = Math.min((FADE_MS * TELEPHONE_HZ) / 1000, Math.floor(samples.length / 2));
  for (let index = 0; index < length; index += 1) {
    const weight = (1 - Math.cos((Math.PI * index) / length)) / 2;
    const mirror = samples.length - 1 - index;
    samples[index] = Math.round((samples[index] as number) * weight);
    samples[mirror] = Math.round((samples[mirror] as number) * weight);
  }
}

function tagAt(bytes: Uint8Array, offset: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + 4));
}

function putTag(bytes: Uint8Array, offset: number, tag: string): void {
  for (let index = 0; index < tag.length; index += 1) {
    bytes[offset + index] = tag.charCodeAt(index);
  }
}
