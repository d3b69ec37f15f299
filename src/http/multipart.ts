import { raw, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { AppError } from '../shared/errors.js';

const maxParts = 20;

/** The parts of a body, without their marks (RFC 2046 section 5.1.1). */
function* partsOf(body: Buffer, boundary: string): Generator<Buffer> {
  const mark = Buffer.from(`\r\n--${boundary}`);
  const text = Buffer.concat([Buffer.from('\r\n'), body]);
  let at = text.indexOf(mark);
  for (let count = 0; at !== -1 && count < maxParts; count += 1) {
    const start = at + mark.length + 2;
    at = text.indexOf(mark, start);
    if (at !== -1) yield text.subarray(start, at);
  }
}

/** Name and value of a part: bytes where it is a file, else a text. */
function fieldOf(part: Buffer): [string, string | Uint8Array] | undefined {
  const end = part.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = part.subarray(0, end).toString();
  const name = /^content-disposition:[^\r\n]*;\s*name="([^"\r\n]*)"/im.exec(head)?.[1];
  if (name === undefined) return undefined;
  const value = part.subarray(end + 4);
  return [name, /;\s*filename\*?=/i.test(head) ? new Uint8Array(value) : value.toString()];
}

function readForm(req: Request, _res: Response, next: NextFunction): void {
  if (Buffer.isBuffer(req.body)) {
    const boundary = /;\s*boundary="?([^";]{1,70})"?/i.exec(req.headers['content-type'] ?? '')?.[1];
    if (boundary === undefined) throw new AppError('input.invalid', 'The form cannot be read');
    const fields = [...partsOf(req.body, boundary)].map(fieldOf);
    req.body = Object.fromEntries(fields.filter((field) => field !== undefined)) as unknown;
  }
  next();
}

/**
 * Reads a form with a file in it (RFC 7578): texts and bytes by the names of their fields, into `req.body`.
 *
 * @param maxBytes - of the whole body.
 */
export const multipartForm = (maxBytes: number): RequestHandler[] => [
  raw({ type: 'multipart/form-data', limit: maxBytes }),
  readForm,
];
