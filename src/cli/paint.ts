import { styleText } from 'node:util';
import type { Output, World } from './world.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Dresses a text for the screen, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;

/** Colours only for a person at a terminal who has not said otherwise (NO_COLOR, --no-color). */
export function paintFor(output: Output, world: World, color: boolean): Paint {
  const wanted = color && output.isTerminal && (world.env['NO_COLOR'] ?? '') === '';
  return wanted
    ? (style, text) => styleText(style, text, { validateStream: false })
    : (_style, text) => text;
}
