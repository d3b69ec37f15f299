import type { FieldChange } from '../../identity/changes.js';
import type { ScimRequestDocument } from '../../persistence/collections/scim-requests.js';

type StoredChange = ScimRequestDocument['diff'][number];

/** What the body said of an attribute, at its top level. */
function sentValue(body: unknown, path: string): unknown {
  const isObject = typeof body === 'object' && body !== null && Object.hasOwn(body, path);
  return isObject ? (body as Record<string, unknown>)[path] : undefined;
}

function isSame(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object') return false;
  return JSON.stringify(left) === JSON.stringify(right);
}

/**
 * Changes as the request log stores them: a value that stands in the logged body is not written a second time, which halves the log of
 * creations and replacements.
 */
export function leanDiff(changes: readonly FieldChange[], body: unknown): StoredChange[] {
  return changes.map(({ path, before, after }) =>
    after !== null && isSame(sentValue(body, path), after)
      ? { path, before, sent: true }
      : { path, before, after },
  );
}

/** The changes of a logged request, values and all. */
export function fullDiff({ diff, body }: Pick<ScimRequestDocument, 'diff' | 'body'>): FieldChange[] {
  return diff.map(({ path, before, ...rest }) => ({
    path,
    before,
    after: rest.sent ? sentValue(body, path) : rest.after,
  }));
}
