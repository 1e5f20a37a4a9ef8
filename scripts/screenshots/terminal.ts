// What a terminal shows, as a picture: the colours of `tmux capture-pane -e`, as SVG.

const COLUMN = 8.43;
const ROW = 19;
const MARGIN = 18;
const INK = '#d1d7e0';
/** The eight colours of a terminal, on dark. */
const COLOURS = [
  '#6e7681',
  '#ff7b72',
  '#7ee787',
  '#e3b341',
  '#79c0ff',
  '#d2a8ff',
  '#76e3ea',
  '#f0f6fc',
] as const;

interface Pen {
  colour: string;
  isBold: boolean;
  isFaint: boolean;
}

const PLAIN: Readonly<Pen> = { colour: INK, isBold: false, isFaint: false };

function penAfter(pen: Pen, codes: string): Pen {
  const next = { ...pen };
  for (const code of (codes === '' ? '0' : codes).split(';').map(Number)) {
    if (code === 0) Object.assign(next, PLAIN);
    else if (code === 1) next.isBold = true;
    else if (code === 2) next.isFaint = true;
    else if (code === 22) Object.assign(next, { isBold: false, isFaint: false });
    else if (code === 39) next.colour = INK;
    else if (code >= 30 && code <= 37) next.colour = COLOURS[code - 30] ?? INK;
    else if (code >= 90 && code <= 97) next.colour = COLOURS[code - 90] ?? INK;
  }
  return next;
}

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function span(text: string, { colour, isBold, isFaint }: Pen): string {
  const weight = isBold ? ' font-weight="bold"' : '';
  const faint = isFaint ? ' opacity="0.65"' : '';
  return `<tspan fill="${colour}"${weight}${faint}>${escaped(text)}</tspan>`;
}

/** A drawing of a screen; `label` says in words what is on it. */
export function terminalSvg(screen: string, label: string): string {
  const lines = screen.trimEnd().split('\n');
  const escape = String.fromCharCode(27);
  const sequence = new RegExp(`${escape}\\[([0-9;]*)m`);
  let pen: Pen = { ...PLAIN };
  let columns = 0;
  const rows = lines.map((line, index) => {
    // Text and colour codes take turns.
    const spans = line.split(sequence).map((part, place) => {
      if (place % 2 === 0) return { text: part, pen };
      pen = penAfter(pen, part);
      return { text: '', pen };
    });
    columns = Math.max(
      columns,
      spans.reduce((sum, { text }) => sum + text.length, 0),
    );
    const drawn = spans.filter(({ text }) => text !== '').map((it) => span(it.text, it.pen));
    const y = MARGIN + 16 + index * ROW;
    return `  <text x="${MARGIN}" y="${y}" xml:space="preserve">${drawn.join('')}</text>`;
  });
  const width = Math.ceil(columns * COLUMN + 2 * MARGIN);
  const height = lines.length * ROW + 2 * MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" \
width="${width}" height="${height}" role="img" aria-label="${escaped(label)}">
  <rect width="${width}" height="${height}" rx="8" fill="#1c2128"/>
  <g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14">
${rows.join('\n')}
  </g>
</svg>
`;
}
