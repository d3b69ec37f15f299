import type { ScimRequest } from './exchange.js';
import { ScimError } from './protocol/scim-error.js';

/**
 * A flag in the base URL that an administrator typed stands before the path when a client puts the two together as text:
 * `?aadOptscim062020/Users?filter=...`. Read as it stands it would ask for everything there is.
 */
function afterPath(url: string): string {
  const [, flag, rest = ''] = /^\/?\?(aadOptscim\w*)(\/.*)$/is.exec(url) ?? [];
  return flag === undefined ? url : `${rest}${rest.includes('?') ? '&' : '?'}${flag}`;
}

/** Lists of attributes: given several times, they are joined. */
const lists = /^(?:excluded)?attributes$/i;

function add(query: Record<string, string>, name: string, value: string): void {
  const present = lists.test(name) && Object.hasOwn(query, name) ? query[name] : undefined;
  query[name] = present === undefined ? value : `${present},${value}`;
}

/** Splits an address into decoded segments and parameters. */
export function parseAddress(address: string): Pick<ScimRequest, 'segments' | 'query'> {
  const url = afterPath(address);
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query: Record<string, string> = {};
  if (mark >= 0)
    for (const [name, value] of new URLSearchParams(url.slice(mark + 1))) add(query, name, value);
  try {
    return { segments: path.split('/').filter(Boolean).map(decodeURIComponent), query };
  } catch {
    throw new ScimError(404, undefined, 'the path holds a malformed escape');
  }
}
