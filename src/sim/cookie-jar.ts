import { parseSetCookie, type SetCookie } from 'cookie';
import type { CookieJar } from './browser.js';

interface KeptCookie {
  host: string;
  path: string;
  name: string;
  value: string;
  /** Milliseconds since the epoch; infinite for a session cookie. */
  endsAt: number;
}

function defaultPath(pathname: string): string {
  return pathname.slice(0, pathname.lastIndexOf('/')) || '/';
}

function endOf(cookie: SetCookie, now: number): number {
  if (cookie.maxAge !== undefined) return now + cookie.maxAge * 1000;
  return cookie.expires === undefined ? Number.POSITIVE_INFINITY : cookie.expires.getTime();
}

function onPath(cookie: KeptCookie, pathname: string): boolean {
  if (cookie.path === '/' || pathname === cookie.path) return true;
  return pathname.startsWith(cookie.path.endsWith('/') ? cookie.path : `${cookie.path}/`);
}

/** Host-only cookies by path and end (RFC 6265), which is all that the simulated visits need. Ports do not part them, as in browsers. */
export function simpleCookieJar(now: () => number = Date.now): CookieJar {
  const kept = new Map<string, KeptCookie>();
  return {
    getCookieString(url) {
      const { hostname, pathname } = new URL(url);
      const sent = [...kept.values()].filter(
        (cookie) => cookie.host === hostname && onPath(cookie, pathname) && cookie.endsAt > now(),
      );
      sent.sort((left, right) => right.path.length - left.path.length);
      return Promise.resolve(sent.map(({ name, value }) => `${name}=${value}`).join('; '));
    },
    setCookie(header, url) {
      const { hostname, pathname } = new URL(url);
      const cookie = parseSetCookie(header, { decode: (text) => text });
      const path = cookie.path?.startsWith('/') ? cookie.path : defaultPath(pathname);
      const key = `${hostname} ${path} ${cookie.name}`;
      const endsAt = endOf(cookie, now());
      kept.delete(key);
      if (endsAt > now()) {
        kept.set(key, { host: hostname, path, name: cookie.name, value: cookie.value ?? '', endsAt });
      }
      return Promise.resolve();
    },
  };
}
