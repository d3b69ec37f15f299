import type { Sink } from './sink.js';

/** Longest wait for the whole answer, in milliseconds. */
const timeoutMs = 30_000;

/** Posts lines of JSON (`application/x-ndjson`): any answer but 2xx is a failure. */
export function httpSink(address: URL, token: string | undefined): Sink {
  const url = new URL(address);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const basic = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString(
    'base64',
  );
  const authorization =
    token === undefined ? (username === '' ? undefined : `Basic ${basic}`) : `Bearer ${token}`;
  return {
    async send(events) {
      const answer = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-ndjson',
          ...(authorization !== undefined && { authorization }),
        },
        body: events.map(({ json }) => `${json}\n`).join(''),
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      await answer.body?.cancel();
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    },
    close() {
      // A connection that is idle ends by itself.
    },
  };
}
