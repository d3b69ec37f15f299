import type { ServerResponse } from 'node:http';
import type { ScimAnswer } from '../exchange/request.js';

const mediaType = 'application/scim+json';

/**
 * Sends an answer in one write. Always `application/scim+json`, whatever was accepted (RFC 7644 section 3.8); personal data is never for
 * a shared cache.
 *
 * @param isHead - the body is measured and left out.
 */
export function sendAnswer(res: ServerResponse, answer: ScimAnswer, isHead = false): void {
  const headers: Record<string, string | number> = { 'Cache-Control': 'no-store', ...answer.headers };
  if (answer.body === undefined) {
    if (answer.status !== 204 && answer.status !== 304) headers['Content-Length'] = 0;
    res.writeHead(answer.status, headers);
    res.end();
    return;
  }
  const length = Buffer.byteLength(answer.body);
  headers['Content-Type'] = mediaType;
  headers['Content-Length'] = length;
  res.writeHead(answer.status, headers);
  if (isHead) res.end();
  // Where every character is one byte, the bytes are those of latin1 as well, and that is written without a look at each of them.
  else res.end(answer.body, length === answer.body.length ? 'latin1' : 'utf8');
}
