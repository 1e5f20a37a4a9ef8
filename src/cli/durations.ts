/**
 * Durations and sizes as people write them in config.yml and on the command line.
 */

const DURATION_UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Decimal, as disks and spreadsheets count: 1 MB is a million bytes. */
const SIZE_UNITS_BYTES: Readonly<Record<string, number>> = {
  KB: 1000,
  MB: 1_000_000,
  GB: 1_000_000_000,
};

export const DURATION_PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;
const DURATIONS = /^([\d.]+h)?([\d.]+m(?!s))?([\d.]+s)?([\d.]+ms)?$/;
export const SIZE_PATTERN = /^(\d+(?:\.\d+)?)(KB|MB|GB)$/;

/** `500ms`, `5s`, `10m`, `2h` in milliseconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  return inUnits(text, DURATION_PATTERN, DURATION_UNITS_MS);
}

/** The same, and days: `1d`. */
export function parseSpan(text: string): number | undefined {
  return parseDuration(text) ?? inUnits(text, /^(\d+(?:\.\d+)?)(d)$/, { d: 86_400_000 });
}

/**
 * The same as `parseDuration`, or several added up, larger units first: `1h30m`. Undefined for
 * anything else, and for the empty text.
 */
export function parseDurations(text: string): number | undefined {
  const match = DURATIONS.exec(text);
  const parts = (match ?? []).slice(1).filter((part) => part !== undefined);
  const sumMs = parts.reduce((sum, part) => sum + (parseDuration(part) ?? Number.NaN), 0);
  return parts.length === 0 || Number.isNaN(sumMs) ? undefined : sumMs;
}

/** `64KB`, `50MB`, `1GB` in bytes; undefined for anything else. */
export function parseSize(text: string): number | undefined {
  return inUnits(text, SIZE_PATTERN, SIZE_UNITS_BYTES);
}

function inUnits(
  text: string,
  pattern: RegExp,
  units: Readonly<Record<string, number>>,
): number | undefined {
  const match = pattern.exec(text);
  const unit = units[match?.[2] ?? ''];
  return match === null || unit === undefined ? undefined : Math.round(Number(match[1]) * unit);
}

/** The other way round, in the largest unit that stays whole: 90000 is `90s`, 1800000 is `30m`. */
export function durationText(durationMs: number): string {
  for (const [unit, unitMs] of [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const) {
    if (durationMs >= unitMs && durationMs % unitMs === 0) {
      return `${durationMs / unitMs}${unit}`;
    }
  }
  return `${durationMs}ms`;
}
