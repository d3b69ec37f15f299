import type { Filter } from 'scim2-parse-filter';
import { parse } from 'scim2-parse-filter';
import { isWellFormed } from '../json-value.js';
import { badRequest } from '../scim-error.js';

/** Longest filter taken, in UTF-16 units. */
export const maxFilterLength = 16_384;
/** Deepest nesting of parentheses and brackets. */
export const maxFilterDepth = 50;

export type FilterLiteral = string | number | boolean | null;

/** A filter by its grammar alone; attribute names are as the client wrote them. */
export type FilterSyntax =
  | { op: 'and' | 'or'; filters: FilterSyntax[] }
  | { op: 'not'; filter: FilterSyntax }
  | { op: 'pr'; name: string }
  | { op: 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'lt' | 'ge' | 'le'; name: string; value: FilterLiteral }
  | { op: '[]'; name: string; filter: FilterSyntax };

const token =
  /([\s+]+)|("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?![\w$:.-])|([[\]()])|(\.?[A-Za-z$][\w$:./-]*)/sy;
const operators = new Set(['and', 'or', 'not', 'eq', 'ne', 'co', 'sw', 'ew', 'gt', 'lt', 'ge', 'le', 'pr']);

interface Scan {
  /** What the library parses: names are `a<index>`, values `"<index>"`, nothing else of the client's text. */
  text: string;
  names: string[];
  values: FilterLiteral[];
}

/**
 * Parses the filter grammar of RFC 7644 section 3.4.2.2 with scim2-parse-filter.
 *
 * The library sees placeholders instead of the client's names and values, which avoids its known faults: it leaves `\\` and
 * `\uXXXX` undecoded, refuses `$ref` and a negative number before a space, drops a dot after `]`, lets `constructor` pass for an
 * operator, and loses that `emails[type eq "work"].value eq "x"` is about one element. Length and depth are limited before it recurses.
 *
 * @throws ScimError invalidFilter.
 */
export function parseFilterSyntax(text: string): FilterSyntax {
  const scan = scanFilter(text);
  let tree: Filter;
  try {
    tree = parse(scan.text);
  } catch {
    throw badRequest('invalidFilter', 'the filter does not follow the grammar of RFC 7644 section 3.4.2.2');
  }
  return restore(tree, scan);
}

function scanFilter(text: string): Scan {
  if (text.length > maxFilterLength) {
    throw badRequest('invalidFilter', `the filter is longer than ${maxFilterLength} characters`);
  }
  const scan: Scan = { text: '', names: [], values: [] };
  let depth = 0;
  let previous = '';
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (match === null) throw badRequest('invalidFilter', `the filter cannot be read at position ${at + 1}`);
    if (match[1] !== undefined) {
      scan.text += ' ';
      continue;
    }
    const part = readPart(match, previous, scan);
    if (part === '(' || part === '[') depth += 1;
    if (part === ')' || part === ']') depth -= 1;
    if (depth > maxFilterDepth) {
      throw badRequest('invalidFilter', `the filter is nested deeper than ${maxFilterDepth} levels`);
    }
    if (previous === 'not' && part !== '(') {
      throw badRequest('invalidFilter', '"not" must be followed by an expression in parentheses');
    }
    scan.text += part;
    previous = part;
  }
  return scan;
}

/** One token as the library shall see it. */
function readPart(match: RegExpExecArray, previous: string, scan: Scan): string {
  const [, , quoted, number, bracket, word] = match;
  if (bracket !== undefined) return bracket;
  if (quoted !== undefined) return placeValue(readString(quoted), scan);
  if (number !== undefined) return placeValue(Number(number), scan);
  return placeWord(word ?? '', previous, match, scan);
}

function placeWord(word: string, previous: string, match: RegExpExecArray, scan: Scan): string {
  const folded = word.toLowerCase();
  if (operators.has(folded)) return folded;
  if (word === 'true' || word === 'false' || word === 'null') {
    return placeValue(JSON.parse(word) as FilterLiteral, scan);
  }
  const isTrailing = word.startsWith('.');
  if (isTrailing && (previous !== ']' || match.input[match.index - 1] !== ']')) {
    throw badRequest('invalidFilter', `"${word.slice(0, 100)}" is not an attribute name`);
  }
  scan.names.push(isTrailing ? word.slice(1) : word);
  return `${isTrailing ? '.' : ''}a${scan.names.length - 1}`;
}

function placeValue(value: FilterLiteral, scan: Scan): string {
  scan.values.push(value);
  return `"${scan.values.length - 1}"`;
}

function readString(quoted: string): string {
  try {
    const value = JSON.parse(quoted) as string;
    if (isWellFormed(value) && !value.includes('\0')) return value;
  } catch {
    // Refused below: not a JSON string.
  }
  throw badRequest('invalidFilter', 'a value in the filter is not a valid JSON string, or holds a NUL');
}

/** Puts the client's names and values back in their places. */
function restore(node: Filter, scan: Scan): FilterSyntax {
  if ('filters' in node) {
    const { op, filters } = node;
    return restoreTrailing(filters, scan) ?? { op, filters: filters.map((filter) => restore(filter, scan)) };
  }
  if (node.op === 'not') return { op: 'not', filter: restore(node.filter, scan) };
  const name = nameOf(node.attrPath, scan);
  if (node.op === '[]') return { op: '[]', name, filter: restore(node.valFilter, scan) };
  if (node.op === 'pr') return { op: 'pr', name };
  return { op: node.op, name, value: scan.values[Number(node.compValue)] ?? null };
}

/**
 * `a0[...].a1 eq "0"` comes out of the library as `a0[...] and a0.a1 eq "0"`. No placeholder holds a dot, so such a pair is certain:
 * the comparison belongs into the brackets.
 */
function restoreTrailing(filters: Filter[], scan: Scan): FilterSyntax | undefined {
  const [path, test] = filters;
  if (path?.op !== '[]' || test === undefined || !('attrPath' in test)) return undefined;
  const dot = test.attrPath.indexOf('.');
  if (dot === -1) return undefined;
  const inner = restore({ ...test, attrPath: test.attrPath.slice(dot + 1) }, scan);
  return {
    op: '[]',
    name: nameOf(path.attrPath, scan),
    filter: { op: 'and', filters: [restore(path.valFilter, scan), inner] },
  };
}

function nameOf(placeholder: string, scan: Scan): string {
  return scan.names[Number(placeholder.slice(1))] ?? '';
}
