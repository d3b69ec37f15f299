import type { IncomingMessage } from 'node:http';
import { AppError } from '../shared/errors.js';

/**
 * How much of a body beyond the limit is still read and dropped: a client that reads the answer only once it has written all would see a
 * broken connection instead.
 */
const maxDrainedBytes = 64 * 1024 * 1024;

/**
 * Refuses a body as soon as it is known to be too large: by its `Content-Length` before any of it was read, else at the byte beyond the
 * limit. What still comes is dropped, and the connection is ended when that is too much.
 *
 * @param limit - bytes as they are sent (RFC 7644 section 3.7.4).
 * @returns rejects with AppError `input.too_large`; never ends otherwise.
 */
export function refuseTooLarge(req: IncomingMessage, limit: number): Promise<never> {
  return new Promise((_, reject) => {
    const refuse = (): void =>
      reject(new AppError('input.too_large', `the body is larger than the ${limit} bytes accepted here`));
    if (Number(req.headers['content-length'] ?? 0) > limit) refuse();
    let size = 0;
    req.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) refuse();
      if (size > limit + maxDrainedBytes) req.destroy();
    });
  });
}
