import type { Attribute } from '../attribute.js';
import { findAttribute } from '../attribute.js';
import { findAttributePath, leafOf } from '../attribute-path.js';
import type { FilterRewrite, FilterScope, FilterTerm } from './rewrite.js';

/** Every text is a sequence of these: a string (closed or not), a word, a gap, a bracket. One pass, no backtracking. */
const token = /"(?:[^"\\]|\\.)*(?:"|\\?$)|[^\s"()[\]]+|\s+|[()[\]]/gs;
/** The same where plus signs stand for blanks. */
const tokenOfPluses = /"(?:[^"\\]|\\.)*(?:"|\\?$)|[^\s+"()[\]]+|[\s+]+|[()[\]]/gs;
const blank = /\s/;
const operators = new Set(['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le']);

/**
 * Corrects the comparisons of a filter, or of the filter in a PATCH path, in the text itself. Strings are passed over.
 *
 * @param report - receives each rewrite that changed something.
 * @returns the same text when nothing is to be corrected.
 */
export function rewriteFilterText(
  text: string,
  resource: FilterScope,
  rewrites: readonly FilterRewrite[],
  report: (rewrite: FilterRewrite) => void,
): string {
  const tokens = tokensOf(text);
  let element: Attribute | undefined;
  let closed: Attribute | undefined;
  let isChanged = false;
  for (const [index, part] of tokens.entries()) {
    if (part === '[') element = findIn(resource, tokens[index - 1] ?? '');
    if (part === ']') [closed, element] = [element, undefined];
    if (!operators.has(part.toLowerCase())) continue;
    const scope = (tokens[index - 2]?.startsWith('.') === true ? closed : element) ?? resource;
    const correct = (term: FilterTerm): FilterTerm =>
      rewrites.reduce((current, rewrite) => correctTerm(current, scope, rewrite, report), term);
    isChanged = correctAround(tokens, index, correct) || isChanged;
  }
  return isChanged ? tokens.join('') : text;
}

/** Plus signs stand for blanks (OneLogin) only where there are no blanks. */
function tokensOf(text: string): string[] {
  const tokens: string[] = text.match(tokenOfPluses) ?? [];
  const hasBlanks = text.includes('+') && tokens.some((part) => !part.startsWith('"') && blank.test(part));
  return hasBlanks ? (text.match(token) ?? []) : tokens;
}

/** Corrects the comparison whose operator is at `index`; the name after `]` begins with a dot. */
function correctAround(tokens: string[], index: number, correct: (term: FilterTerm) => FilterTerm): boolean {
  const name = tokens[index - 2];
  const literal = tokens[index + 2];
  if (name === undefined || literal === undefined) return false;
  const dot = name.startsWith('.') ? '.' : '';
  const op = (tokens[index] ?? '').toLowerCase();
  const term: FilterTerm = { name: name.slice(dot.length), op, literal };
  const corrected = correct(term);
  if (corrected === term) return false;
  tokens[index - 2] = `${dot}${corrected.name}`;
  tokens[index + 2] = corrected.literal;
  return true;
}

function correctTerm(
  term: FilterTerm,
  scope: FilterScope,
  rewrite: FilterRewrite,
  report: (rewrite: FilterRewrite) => void,
): FilterTerm {
  const corrected = rewrite.correct(term, scope);
  if (corrected !== term) report(rewrite);
  return corrected;
}

/** The attribute a name in a filter ends at. */
export function findIn(scope: FilterScope, name: string): Attribute | undefined {
  if ('subs' in scope) return findAttribute(scope.subs, name);
  const path = findAttributePath(name, scope);
  return path && leafOf(path);
}

/** A path without its filter, which may still hold what is to be corrected: it has no part in finding the attribute. */
export function pathWithoutFilter(path: string): string {
  const open = path.indexOf('[');
  return open === -1 ? path : `${path.slice(0, open)}${path.slice(path.lastIndexOf(']') + 1)}`;
}
