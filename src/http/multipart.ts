import { Busboy } from '@fastify/busboy';
import { raw, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { AppError } from '../shared/errors.js';

/** A field of a form: a text, or the bytes of its file. */
type Field = string | Uint8Array;

/** Sizes in bytes. */
const limits = { fields: 10, files: 1, parts: 11, fieldSize: 16_384, headerPairs: 20, headerSize: 4_096 };

/**
 * The fields of a whole body (RFC 7578) by their names.
 *
 * @throws Error when the body is not well-formed, ends too early or has more than is taken.
 */
function fieldsOf(contentType: string, body: Buffer): Promise<Record<string, Field>> {
  return new Promise((resolve, reject) => {
    const fields = new Map<string, Field>();
    // With room for all of it: a long part that is skipped would else wait for a reader for ever.
    const room = { fileHwm: body.length + 1 };
    const reader = Busboy({ headers: { 'content-type': contentType }, limits, ...room });
    const refuse = () => reject(new Error('more than is taken'));
    reader.on('field', (name, value, _isNameCut, isCut) => {
      if (isCut) refuse();
      else fields.set(name, value);
    });
    reader.on('file', (name, file) => {
      const chunks: Buffer[] = [];
      file.on('data', (chunk: Buffer) => chunks.push(chunk));
      file.on('error', reject);
      file.on('end', () => fields.set(name, new Uint8Array(Buffer.concat(chunks))));
    });
    reader.on('partsLimit', refuse).on('filesLimit', refuse).on('fieldsLimit', refuse);
    reader.on('error', reject);
    reader.on('finish', () => resolve(Object.fromEntries(fields)));
    reader.end(body);
  });
}

async function readForm(req: Request, _res: Response, next: NextFunction): Promise<void> {
  if (Buffer.isBuffer(req.body)) {
    req.body = await fieldsOf(req.headers['content-type'] ?? '', req.body).catch((cause: unknown) => {
      throw new AppError('input.invalid', 'The form cannot be read', { cause });
    });
  }
  next();
}

/**
 * Reads a form with one file in it (RFC 7578): texts and bytes by the names of their fields, into `req.body`.
 *
 * @param maxBytes - of the whole body.
 */
export const multipartForm = (maxBytes: number): RequestHandler[] => [
  raw({ type: 'multipart/form-data', limit: maxBytes }),
  readForm,
];
