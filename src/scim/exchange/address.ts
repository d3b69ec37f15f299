import type { ScimRequest } from './request.js';
import { ScimError } from '../protocol/scim-error.js';

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

/**
 * A plus sign is a blank in forms and a plus sign in addresses. Where a client writes the blanks before the first quote as `%20`, its plus
 * signs are meant as such: `userName%20eq%20%22ada+work@acme.example%22`.
 */
function withPlainPlus(query: string): string {
  if (!query.includes('+') || !/%20| /.test(query)) return query;
  return query
    .split('&')
    .map((parameter) => {
      const [head = ''] = parameter.split(/%22|"/, 1);
      return /%20| /.test(head) && !head.includes('+') ? parameter.replaceAll('+', '%2B') : parameter;
    })
    .join('&');
}

/** Splits an address into decoded segments and parameters. */
export function parseAddress(address: string): Pick<ScimRequest, 'segments' | 'query'> {
  const url = afterPath(address);
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query: Record<string, string> = {};
  const parameters = mark < 0 ? '' : withPlainPlus(url.slice(mark + 1));
  for (const [name, value] of new URLSearchParams(parameters)) add(query, name, value);
  try {
    return { segments: path.split('/').filter(Boolean).map(decodeURIComponent), query };
  } catch {
    throw new ScimError(404, undefined, 'the path holds a malformed escape');
  }
}
