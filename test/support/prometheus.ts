/**
 * A small reader of Prometheus' text format, which refuses what is not in it. After
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */

type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

export interface Scrape {
  readonly samples: readonly Sample[];
  /** By metric: counter, gauge, histogram. */
  readonly types: ReadonlyMap<string, string>;
  /** The one sample with this name and these labels; undefined where there is none. */
  readonly value: (name: string, labels?: Labels) => number | undefined;
  /** Of all samples with this name and these labels. */
  readonly sum: (name: string, labels?: Labels) => number;
}

const SAMPLE =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([+-]?Inf|NaN|[+-]?[\d.]+(?:e[+-]?\d+)?)$/i;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/gy;

/** Throws with the line that is wrong. */
export function parseMetrics(text: string): Scrape {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const types = new Map<string, string>();
  const helps = new Set<string>();
  const seen = new Set<string>();
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      if (helps.has(name)) throw new Error(`a second HELP: ${line}`);
      helps.add(name);
      continue;
    }
    if (kind === 'TYPE') {
      if (types.has(name) || !/^(counter|gauge|histogram|summary)$/.test(rest)) {
        throw new Error(`a wrong TYPE: ${line}`);
      }
      types.set(name, rest);
      continue;
    }
    const sample = sampleOf(line);
    const key = JSON.stringify([sample.name, sample.labels]);
    if (seen.has(key)) throw new Error(`a second time: ${line}`);
    seen.add(key);
    const family = familyOf(sample.name, types);
    if (!types.has(family) || !helps.has(family)) throw new Error(`no TYPE or HELP: ${line}`);
    if (types.get(family) === 'counter' && !(sample.value >= 0))
      throw new Error(`below 0: ${line}`);
    samples.push(sample);
  }
  checkHistograms(samples, types);
  const matching = (name: string, labels: Labels) =>
    samples.filter(
      (one) =>
        one.name === name &&
        Object.entries(labels).every(([label, value]) => one.labels[label] === value),
    );
  return {
    samples,
    types,
    value: (name, labels = {}) => {
      const found = matching(name, labels);
      if (found.length > 1) throw new Error(`${found.length} samples of ${name}`);
      return found[0]?.value;
    },
    sum: (name, labels = {}) => matching(name, labels).reduce((sum, { value }) => sum + value, 0),
  };
}

function sampleOf(line: string): Sample {
  const match = SAMPLE.exec(line);
  if (match === null) throw new Error(`no sample: ${line}`);
  const [, name = '', inner = '', value = ''] = match;
  const labels: Record<string, string> = {};
  let readTo = 0;
  for (const label of inner.matchAll(LABEL)) {
    const [whole, key = '', text = ''] = label;
    if (Object.hasOwn(labels, key)) throw new Error(`a label twice: ${line}`);
    labels[key] = text.replace(/\\(.)/g, (_all, sign) => (sign === 'n' ? '\n' : sign));
    readTo += whole.length;
  }
  if (readTo !== inner.length) throw new Error(`no labels: ${line}`);
  const number = /inf/i.test(value) ? Number.POSITIVE_INFINITY : Number(value);
  return { name, labels, value: value.startsWith('-') && /inf/i.test(value) ? -number : number };
}

function familyOf(name: string, types: ReadonlyMap<string, string>): string {
  const base = name.replace(/_(bucket|sum|count)$/, '');
  return types.get(base) === 'histogram' || types.get(base) === 'summary' ? base : name;
}

/** Buckets grow, and the last is the count. */
function checkHistograms(samples: readonly Sample[], types: ReadonlyMap<string, string>): void {
  for (const [family, type] of types) {
    if (type !== 'histogram') continue;
    const series = (suffix: string) => samples.filter(({ name }) => name === `${family}${suffix}`);
    const keyOf = ({ labels: { le: _le, ...rest } }: Sample) => JSON.stringify(rest);
    const counts = new Map(series('_count').map((one) => [keyOf(one), one.value]));
    for (const [key, buckets] of Map.groupBy(series('_bucket'), keyOf)) {
      const values = buckets.map(({ value }) => value);
      if (values.some((value, index) => value < (values[index - 1] ?? 0))) {
        throw new Error(`buckets of ${family} shrink: ${values.join(' ')}`);
      }
      if (buckets.at(-1)?.labels['le'] !== '+Inf' || values.at(-1) !== counts.get(key)) {
        throw new Error(`the last bucket of ${family} is not its count`);
      }
    }
  }
}
