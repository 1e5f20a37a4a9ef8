/**
 * Source text as a syntax tree, and the little that the tidy rules need to walk it. The parser is
 * the one vitest itself brings along: comments and strings never look like code to it.
 */
import { parseAst } from 'vitest/node';

/** A file as read: its path from the project's folder, with `/`, and its text. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** Something a rule does not allow. `line` counts from 1. */
export interface Finding {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export interface Parsed extends Source {
  readonly program: SyntaxNode;
  lineAt(offset: number): number;
}

/** Throws the parser's error, which names the place, where the text is not a program. */
export function parse(source: Source): Parsed {
  const lang = source.path.endsWith('.ts') ? 'ts' : 'js';
  const program = parseAst(source.text, { lang }) as unknown as SyntaxNode;
  const starts = lineStarts(source.text);
  return { ...source, program, lineAt: (offset) => lineAt(starts, offset) };
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    starts.push(at + 1);
  }
  return starts;
}

function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low + 1;
}

/** A node on the way down: who holds it, and under which field. */
export interface Place {
  readonly node: SyntaxNode;
  readonly parent: Place | undefined;
  readonly field: string;
}

/** Every node below `root`, itself included, parents first. */
export function* places(root: SyntaxNode): Generator<Place> {
  const waiting: Place[] = [{ node: root, parent: undefined, field: '' }];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    yield place;
    waiting.push(...childrenOf(place).reverse());
  }
}

function childrenOf(parent: Place): Place[] {
  const children: Place[] = [];
  for (const [field, value] of Object.entries(parent.node)) {
    for (const node of Array.isArray(value) ? value : [value]) {
      if (isNode(node)) {
        children.push({ node, parent, field });
      }
    }
  }
  return children;
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** The node in a field; undefined where there is none. */
export function child(node: SyntaxNode | undefined, field: string): SyntaxNode | undefined {
  const value = node?.[field];
  return isNode(value) ? value : undefined;
}

export function children(node: SyntaxNode, field: string): readonly SyntaxNode[] {
  const value = node[field];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

/** The text of a string literal or of a template without holes; undefined for anything else. */
export function stringOf(node: SyntaxNode | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node['value'] === 'string') {
    return node['value'];
  }
  if (node?.type === 'TemplateLiteral' && children(node, 'expressions').length === 0) {
    return quasiOf(node);
  }
  return undefined;
}

/** A template's text before its first hole. */
export function quasiOf(template: SyntaxNode): string | undefined {
  const value = children(template, 'quasis')[0]?.['value'] as { cooked?: string } | undefined;
  return value?.cooked;
}

export function identifierOf(node: SyntaxNode | undefined): string | undefined {
  return node?.type === 'Identifier' ? String(node['name']) : undefined;
}

/** What a member expression asks for, written `.name` or `['name']`. */
export function memberOf(node: SyntaxNode | undefined): string | undefined {
  if (node?.type !== 'MemberExpression') {
    return undefined;
  }
  const property = child(node, 'property');
  return node['computed'] === true ? stringOf(property) : identifierOf(property);
}
