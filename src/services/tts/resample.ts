/**
 * Sample rate conversion by a rational factor, with a low-pass that keeps what a telephone carries.
 */

/** A filter for one pair of rates. Made once, used for any number of sounds. */
export interface Resampler {
  readonly fromHz: number;
  readonly toHz: number;
  /** Samples of 16 bit in, samples of 16 bit out; as long as the input to within a sample. */
  resample(samples: Int16Array): Int16Array;
}

/**
 * The pass band ends at 0.425 and the stop band begins at 0.5 of the lower rate: 3,400 Hz, the end
 * of the telephone's band, and 4,000 Hz, where 8 kHz begin to fold back.
 */
const PASS_BAND_END = 0.425;
const STOP_BAND_BEGIN = 0.5;
/** Below the noise of 16 bit speech, and far below the telephone's own 8 bit companding. */
const STOP_BAND_ATTENUATION_DB = 70;

/** The filter taken apart: one set of weights per position between two input samples. */
interface Phases {
  readonly weights: readonly Float64Array[];
  /** Weights per phase. */
  readonly length: number;
}

/** Windowed sinc (Kaiser), polyphase. Rates in Hz, whole numbers. */
export function resampler(fromHz: number, toHz: number): Resampler {
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const up = toHz / divisor;
  const down = fromHz / divisor;
  const phases = up === down ? undefined : lowPassPhases(fromHz, Math.min(fromHz, toHz), up);
  return {
    fromHz,
    toHz,
    resample: (samples) =>
      phases === undefined ? samples.slice() : convert(samples, phases, up, down),
  };
}

function convert(samples: Int16Array, phases: Phases, up: number, down: number): Int16Array {
  const { weights, length } = phases;
  const half = (length - 1) / 2;
  const output = new Int16Array(Math.ceil((samples.length * up) / down));
  for (let index = 0; index < output.length; index += 1) {
    const position = index * down;
    const phase = weights[position % up] as Float64Array;
    const start = Math.floor(position / up) - half;
    const first = Math.max(0, -start);
    const end = Math.min(length, samples.length - start);
    let sum = 0;
    for (let tap = first; tap < end; tap += 1) {
      sum += (phase[tap] as number) * (samples[start + tap] as number);
    }
    output[index] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
  }
  return output;
}

/** Length and shape of the window after Kaiser's formulas (Oppenheim and Schafer, 7.5.3). */
function lowPassPhases(fromHz: number, lowerHz: number, up: number): Phases {
  const transition = (2 * Math.PI * (STOP_BAND_BEGIN - PASS_BAND_END) * lowerHz) / fromHz;
  const order = Math.ceil((STOP_BAND_ATTENUATION_DB - 8) / (2.285 * transition));
  const half = Math.ceil(order / 2);
  const beta = 0.1102 * (STOP_BAND_ATTENUATION_DB - 8.7);
  // Cycles per input sample, in the middle of the transition.
  const cutOff = ((PASS_BAND_END + STOP_BAND_BEGIN) / 2) * (lowerHz / fromHz);
  const weights = Array.from({ length: up }, (_, phase) =>
    phaseWeights(half, phase / up, cutOff, beta),
  );
  return { weights, length: 2 * half + 1 };
}

/** Weights for a point that lies `fraction` of a sample behind the middle one; their sum is 1. */
function phaseWeights(half: number, fraction: number, cutOff: number, beta: number): Float64Array {
  const weights = new Float64Array(2 * half + 1);
  let sum = 0;
  for (let tap = 0; tap < weights.length; tap += 1) {
    const distance = tap - half - fraction;
    const inWindow = 1 - (distance / (half + 1)) ** 2;
    const weight = sinc(2 * cutOff * distance) * bessel(beta * Math.sqrt(Math.max(0, inWindow)));
    weights[tap] = weight;
    sum += weight;
  }
  return weights.map((weight) => weight / sum);
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Modified Bessel function of the first kind, order 0, by its power series. */
function bessel(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-12; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
