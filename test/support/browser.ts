import { CookieJar } from 'tough-cookie';

/** An answer with its page already read. */
export interface Page {
  status: number;
  headers: Headers;
  text: string;
  /** Where it came from, after redirects. */
  url: string;
  /** `Location`, absolute; undefined when there is none. */
  location: string | undefined;
  /** The text of the element with role="alert", tags removed; undefined when there is none. */
  alert: string | undefined;
  /** The values of the page's hidden and prefilled inputs (the last form's, where names repeat). */
  fields: Record<string, string>;
}

/** A browser without scripts: keeps cookies, sends forms, follows redirects only when told to. */
export interface Browser {
  readonly jar: CookieJar;
  get(url: string, headers?: Record<string, string>): Promise<Page>;
  post(
    url: string,
    fields: Record<string, string> | URLSearchParams,
    headers?: Record<string, string>,
  ): Promise<Page>;
  /** Follows redirects from a page up to the first answer that is none, or that leads to `until`. */
  follow(page: Page, until?: string): Promise<Page>;
}

const decode = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|#x27|#39);/g, (_, name: string) => {
    return { amp: '&', lt: '<', gt: '>', quot: '"' }[name] ?? "'";
  });

function fieldsOf(html: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [tag] of html.matchAll(/<input[^>]*>/g)) {
    const name = / name="([^"]*)"/.exec(tag)?.[1];
    const value = / value="([^"]*)"/.exec(tag)?.[1];
    if (name !== undefined && value !== undefined) fields[name] = decode(value);
  }
  return fields;
}

function alertOf(html: string): string | undefined {
  const found = /role="alert"[^>]*>(.*?)<\//s.exec(html)?.[1];
  return found === undefined ? undefined : decode(found.replace(/<[^>]*>/g, ''));
}

/** @param origin - relative addresses are taken from here. */
export function openBrowser(origin: string): Browser {
  const jar = new CookieJar();

  async function send(target: string, init: RequestInit): Promise<Page> {
    const url = new URL(target, origin).href;
    const headers = new Headers(init.headers);
    const cookie = await jar.getCookieString(url);
    if (cookie !== '') headers.set('cookie', cookie);
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const set of answer.headers.getSetCookie()) await jar.setCookie(set, url);
    const text = await answer.text();
    const location = answer.headers.get('location');
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      url,
      location: location === null ? undefined : new URL(location, url).href,
      alert: alertOf(text),
      fields: fieldsOf(text),
    };
  }

  const browser: Browser = {
    jar,
    get: (url, headers = {}) => send(url, { headers }),
    post: (url, fields, headers = {}) => {
      const body = fields instanceof URLSearchParams ? fields : new URLSearchParams(fields);
      return send(url, { method: 'POST', body, headers });
    },
    async follow(page, until) {
      let current = page;
      for (let hops = 0; hops < 10 && current.location !== undefined; hops += 1) {
        if (until !== undefined && current.location.startsWith(until)) return current;
        current = await send(current.location, {});
      }
      return current;
    },
  };
  return browser;
}
