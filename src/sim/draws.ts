/**
 * Chance that can be had again. A draw is a function of the seed and of what it is drawn for, not
 * of how many were drawn before: so the same contact behaves the same whether or not a vendor is
 * down, and two simulated nights can be compared.
 */
import type { RandomSource } from '../engine/ports.ts';

/** Uniform in [0, 1), the same for the same words. */
export type Draw = (...about: readonly (string | number)[]) => number;

export function draws(seed: number): Draw {
  return (...about) => {
    let hash = mixed(seed >>> 0);
    for (const part of about) {
      hash = typeof part === 'number' ? withNumber(hash, part) : withText(hash, part);
    }
    return mixed(hash) / 0x1_0000_0000;
  };
}

/** Tells texts apart by 52 bits, in hexadecimal digits: many times as quick as a real hash. */
export function quickDigest(text: string): string {
  return digits(mixed(withText(1, text))) + digits(mixed(withText(2, text))).slice(3);
}

function digits(value: number): string {
  return value.toString(16).padStart(8, '0');
}

/** A source of randomness for one run of the program: a sequence, and ids that tell it. */
export function seededRandom(seed: number, run: number): RandomSource {
  return sequence(draws(seed), run, 'call', 'fraction');
}

/** The same for alerts, so that what is drawn for them changes no call. */
export function alertRandom(seed: number, run: number): RandomSource {
  return sequence(draws(seed), run, 'alert', 'alert fraction');
}

function sequence(draw: Draw, run: number, name: string, fraction: string): RandomSource {
  let fractions = 0;
  let ids = 0;
  return {
    fraction: () => draw(fraction, run, (fractions += 1)),
    id: () => `${name}-${run}-${(ids += 1)}`,
  };
}

/** From half to one and a half times `typical`, evenly. */
export function spread(typical: number, fraction: number): number {
  return typical * (0.5 + fraction);
}

function withText(start: number, text: string): number {
  let hash = withNumber(start, text.length);
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
  }
  return hash;
}

function withNumber(hash: number, value: number): number {
  return mixed(Math.imul(hash, FNV_PRIME) ^ (value | 0) ^ Math.trunc(value / 0x1_0000_0000));
}

/** FNV-1a, 32 bit. */
const FNV_PRIME = 0x0100_0193;

/** Every bit of the answer depends on every bit of `value` (the finalizer of MurmurHash3). */
function mixed(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
