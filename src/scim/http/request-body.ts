import type { IncomingMessage } from 'node:http';
import { refuseTooLarge } from '../../http/body-limit.js';
import { AppError } from '../../shared/errors.js';
import { deepestJson, nestsDeeper } from '../../shared/json-depth.js';
import { ScimError } from '../protocol/scim-error.js';

const jsonType = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;
const charsets = /;[ \t]*charset=(?:"((?:[^"\\]|\\.)*)"|([^;\s"]*))/gi;

/** Whether a media type names another encoding than UTF-8; in quotes it is the same word (RFC 9110 section 8.3.1). */
function isForeign(type: string): boolean {
  return [...type.matchAll(charsets)].some(
    ([, quoted, bare = '']) => !/^utf-?8$/i.test(quoted?.replace(/\\(.)/g, '$1') ?? bare),
  );
}

function collect(req: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    req.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else chunks.length = 0;
    });
    req.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    req.on('error', reject);
    req.on('close', () => {
      if (!req.complete) reject(new ScimError(400, 'invalidSyntax', 'the request ended before its body did'));
    });
  });
}

/** `__proto__` as a name of a JSON member is never an attribute: it is dropped before anything copies it. */
function withoutProto(_key: string, value: unknown): unknown {
  if (typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__')) {
    Reflect.deleteProperty(value, '__proto__');
  }
  return value;
}

/** The parser quotes the text around a fault, which may be a password. */
const withoutExcerpt = (message: string): string => message.replace(/, (?:\.{3})?".*$/s, '');

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/**
 * JSON text to a value.
 *
 * @throws ScimError 400 invalidSyntax for invalid UTF-8, malformed JSON or JSON that nests too deep.
 */
function parseJsonBody(bytes: Buffer): unknown {
  let value: unknown;
  try {
    const text = utf8.decode(bytes);
    value = /__proto__|\\u/.test(text) ? JSON.parse(text, withoutProto) : JSON.parse(text);
  } catch (error) {
    const reason = error instanceof SyntaxError ? withoutExcerpt(error.message) : 'it is not valid UTF-8';
    throw new ScimError(400, 'invalidSyntax', `The body is not valid JSON: ${reason}`);
  }
  if (nestsDeeper(value, deepestJson)) {
    throw new ScimError(400, 'invalidSyntax', `The body nests deeper than ${deepestJson} levels`);
  }
  return value;
}

/**
 * The parsed body of a request, undefined when it has none.
 *
 * @param limit - bytes.
 * @throws AppError `input.too_large` or `input.unsupported_type`; ScimError 400 invalidSyntax.
 */
export async function readBody(req: IncomingMessage, limit: number): Promise<unknown> {
  if (req.headers['content-length'] === undefined && req.headers['transfer-encoding'] === undefined) {
    return undefined;
  }
  const bytes = await Promise.race([refuseTooLarge(req, limit), collect(req, limit)]);
  if (bytes.length === 0) return undefined;
  const type = req.headers['content-type'];
  if (type !== undefined && (!jsonType.test(type) || isForeign(type))) {
    throw new AppError(
      'input.unsupported_type',
      'the body must be application/scim+json or application/json in UTF-8',
    );
  }
  if ((req.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new AppError('input.unsupported_type', 'compressed bodies are not accepted');
  }
  return parseJsonBody(bytes);
}
