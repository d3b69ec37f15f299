import type { GuardedFetch } from '../../infrastructure/guarded-fetch.js';

/** Whether a member says nothing: providers send null for what they should leave out (OpenID Connect Core section 5.3.2). */
export const saysNothing = (value: unknown): boolean => value === null || value === undefined;

function withoutNulls(value: unknown): Record<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  const told = entries.filter(([, member]) => !saysNothing(member));
  return told.length === entries.length ? undefined : Object.fromEntries(told);
}

/** A `fetch` whose JSON answers hold no null members: they count as absent. */
export function readingNullsAsAbsent(fetch: GuardedFetch): GuardedFetch {
  return async (url, init) => {
    const response = await fetch(url, init);
    if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(response.headers.get('content-type') ?? ''))
      return response;
    const text = await response.text();
    const { status, statusText, headers } = response;
    const again = (body: string): Response =>
      new Response(status === 204 || status === 304 ? null : body, { status, statusText, headers });
    try {
      const told = withoutNulls(JSON.parse(text));
      return again(told ? JSON.stringify(told) : text);
    } catch {
      // No JSON after all: whoever reads it says so.
      return again(text);
    }
  };
}
