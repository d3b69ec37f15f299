import { CookieJar } from 'tough-cookie';

/** A browser as a script plays it: it keeps cookies, follows no redirect by itself, and sends what a navigation sends. */
export interface UserAgent {
  readonly jar: CookieJar;
  get(url: string, headers?: Record<string, string>): Promise<Response>;
  post(url: string, form: Record<string, string>, headers?: Record<string, string>): Promise<Response>;
  /** Follows redirects until a page, or until an address that starts with `stopAt`: that one is not fetched. */
  follow(url: string, stopAt?: string): Promise<{ url: URL; response: Response | undefined }>;
}

/** A fresh browser without cookies. */
export function openUserAgent(): UserAgent {
  const jar = new CookieJar(undefined, { rejectPublicSuffixes: false });
  const send = async (url: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.set('cookie', await jar.getCookieString(url));
    if (!headers.has('accept')) headers.set('accept', 'text/html');
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const cookie of response.headers.getSetCookie())
      await jar.setCookie(cookie, url, { ignoreError: true });
    return response;
  };
  const get: UserAgent['get'] = (url, headers = {}) => send(url, { headers });
  return {
    jar,
    get,
    post: (url, form, headers = {}) =>
      send(url, { method: 'POST', body: new URLSearchParams(form), headers }),
    async follow(url, stopAt) {
      let next = new URL(url);
      for (let hops = 0; hops < 12; hops += 1) {
        if (stopAt !== undefined && next.href.startsWith(stopAt)) return { url: next, response: undefined };
        const response = await get(next.href);
        const location = response.headers.get('location');
        if (location === null) return { url: next, response };
        next = new URL(location, next);
      }
      throw new Error(`too many redirects, at ${next.href}`);
    },
  };
}
