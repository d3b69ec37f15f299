import type { Attribute } from '../attribute.js';
import { findAttribute } from '../attribute.js';
import { findAttributePath, leafOf } from '../attribute-path.js';
import type { FilterRewrite, FilterScope, FilterTerm } from './rewrite.js';

const quoted = String.raw`"(?:[^"\\]|\\.)*"`;
const part = new RegExp(
  String.raw`(${quoted})|([A-Za-z$][\w$:./-]*)\[|(\])|(\.?[A-Za-z$][\w$:./-]*)(\s+(?:eq|ne|co|sw|ew|gt|ge|lt|le)\s+)(${quoted}|[\w.+-]+)`,
  'gis',
);

/**
 * Corrects the comparisons of a filter, or of the filter in a PATCH path, in the text itself. Strings are passed over.
 *
 * @param report - is told each rewrite that changed something.
 * @returns the same text when nothing is to be corrected.
 */
export function rewriteFilterText(
  text: string,
  resource: FilterScope,
  rewrites: readonly FilterRewrite[],
  report: (rewrite: FilterRewrite) => void,
): string {
  let element: Attribute | undefined;
  let closed: Attribute | undefined;
  return text.replace(
    part,
    (
      all: string,
      _string,
      opened?: string,
      close?: string,
      name?: string,
      operator?: string,
      literal?: string,
    ) => {
      if (opened !== undefined) element = findIn(resource, opened);
      if (close !== undefined) {
        closed = element;
        element = undefined;
      }
      if (name === undefined || operator === undefined || literal === undefined) return all;
      const dot = name.startsWith('.') ? '.' : '';
      const scope = (dot === '' ? element : closed) ?? resource;
      const term = { name: name.slice(dot.length), literal };
      const mended = rewrites.reduce((current, rewrite) => mendTerm(current, scope, rewrite, report), term);
      return mended === term ? all : `${dot}${mended.name}${operator}${mended.literal}`;
    },
  );
}

function mendTerm(
  term: FilterTerm,
  scope: FilterScope,
  rewrite: FilterRewrite,
  report: (rewrite: FilterRewrite) => void,
): FilterTerm {
  const mended = rewrite.mend(term, scope);
  if (mended !== term) report(rewrite);
  return mended;
}

/** The attribute a name in a filter ends at. */
export function findIn(scope: FilterScope, name: string): Attribute | undefined {
  if ('subs' in scope) return findAttribute(scope.subs, name);
  const path = findAttributePath(name, scope);
  return path && leafOf(path);
}
