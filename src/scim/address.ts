import type { ScimRequest } from './exchange.js';
import { ScimError } from './protocol/scim-error.js';

/** Splits an address into decoded segments and parameters. */
export function parseAddress(url: string): Pick<ScimRequest, 'segments' | 'query'> {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query: Record<string, string> = {};
  if (mark >= 0) for (const [name, value] of new URLSearchParams(url.slice(mark + 1))) query[name] = value;
  try {
    return { segments: path.split('/').filter(Boolean).map(decodeURIComponent), query };
  } catch {
    throw new ScimError(404, undefined, 'the path holds a malformed escape');
  }
}
