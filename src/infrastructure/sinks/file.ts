import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Sink } from './sink.js';

/** Appends lines of JSON. The file is opened for each batch, so that it may be moved away at any time. */
export function fileSink(address: URL): Sink {
  const path = fileURLToPath(address);
  return {
    async send(events) {
      const file = await open(path, 'a', 0o600);
      try {
        await file.appendFile(events.map(({ json }) => `${json}\n`).join(''));
        await file.datasync();
      } finally {
        await file.close();
      }
    },
    close() {
      // Nothing is kept open.
    },
  };
}
