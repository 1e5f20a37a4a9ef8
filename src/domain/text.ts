/**
 * Small pieces of English that log lines and screens share.
 */

/** `12,000`. */
export function numberText(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1 contact`, `12,000 contacts`; `many` where the plural is not made with an s. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${numberText(count)} ${count === 1 ? one : many}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(words: readonly string[], conjunction: 'and' | 'or' = 'and'): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} ${conjunction} ${last}`;
}

/** How long something takes, for people: `40 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function spanText(spanMs: number): string {
  if (Math.round(spanMs) < 1000) {
    return `${Math.round(spanMs)} ms`;
  }
  const seconds = Math.round(spanMs / 1000);
  if (seconds < 60) {
    return `${seconds} s`;
  }
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? inTwoUnits(seconds, 'min', 's') : inTwoUnits(minutes, 'h', 'min');
}

function inTwoUnits(amount: number, largeUnit: string, smallUnit: string): string {
  const large = Math.floor(amount / 60);
  const small = amount % 60;
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** A long sentence in lines of at most so many characters, broken between words. Never empty. */
export function wrapped(text: string, charactersMax: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > charactersMax) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/**
 * Lines as wide as a terminal at most, broken between words; what goes on is indented by two more.
 *
 * @param columns undefined where there is no terminal: then nothing is broken
 */
export function fitted(text: string, columns: number | undefined): string {
  if (columns === undefined) return text;
  const lines = text.split('\n').flatMap((line) => {
    if (line.length <= columns) return [line];
    const indent = line.length - line.trimStart().length;
    const [first = '', ...rest] = wrapped(line.trimStart(), Math.max(20, columns - indent - 2));
    return [
      `${' '.repeat(indent)}${first}`,
      ...rest.map((part) => `${' '.repeat(indent + 2)}${part}`),
    ];
  });
  return lines.join('\n');
}
