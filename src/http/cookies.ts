import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseCookie, stringifySetCookie } from 'cookie';

/** How cookies are made: by the public address alone, never by what a request says about itself. */
export interface CookieHome {
  /** Configuration `baseUrl`. */
  readonly baseUrl: string;
}

const isSecure = ({ baseUrl }: CookieHome): boolean => baseUrl.startsWith('https:');

/** `__Host-` pins a cookie to this very host and https, so that no sibling host can plant one. */
function nameOf(home: CookieHome, name: string): string {
  return isSecure(home) ? `__Host-${name}` : name;
}

/** @returns the cookie's value, or undefined when the request has none. */
export function readCookie(home: CookieHome, req: IncomingMessage, name: string): string | undefined {
  const header = req.headers.cookie;
  if (header === undefined) return undefined;
  return parseCookie(header)[nameOf(home, name)];
}

function append(res: ServerResponse, cookie: string): void {
  const present = res.getHeader('Set-Cookie');
  const list = present === undefined ? [] : Array.isArray(present) ? present : [String(present)];
  res.setHeader('Set-Cookie', [...list, cookie]);
}

/**
 * A cookie: not for scripts, not on cross-site posts. Lax, because the return from an identity provider is a cross-site navigation.
 *
 * @param lifeSeconds - absent: it ends with the browser.
 */
export function writeCookie(
  home: CookieHome,
  res: ServerResponse,
  name: string,
  value: string,
  lifeSeconds?: number,
): void {
  append(
    res,
    stringifySetCookie(nameOf(home, name), value, {
      httpOnly: true,
      sameSite: 'lax',
      secure: isSecure(home),
      path: '/',
      ...(lifeSeconds !== undefined && { maxAge: lifeSeconds }),
    }),
  );
}

/** A choice of how pages look, which scripts of the console read and write as well. It opens nothing. */
export function writeChoice(
  home: CookieHome,
  res: ServerResponse,
  name: string,
  value: string,
  lifeSeconds: number,
): void {
  const options = { sameSite: 'lax', secure: isSecure(home), path: '/', maxAge: lifeSeconds } as const;
  append(res, stringifySetCookie(name, value, options));
}

/** Makes the browser forget a cookie. */
export function clearCookie(home: CookieHome, res: ServerResponse, name: string): void {
  append(
    res,
    stringifySetCookie(nameOf(home, name), '', {
      httpOnly: true,
      sameSite: 'lax',
      secure: isSecure(home),
      path: '/',
      maxAge: 0,
    }),
  );
}
