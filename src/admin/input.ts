import { json, type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { refuseTooLarge } from '../http/body-limit.js';
import { AppError, type InputFault } from '../shared/errors.js';
import { nearest } from '../shared/nearest.js';
import { deepestJson, nestsDeeper } from '../shared/json-depth.js';

const escapePointer = (key: PropertyKey): string => String(key).replaceAll('~', '~0').replaceAll('/', '~1');

type Place = 'body' | 'query';

function pointerTo(path: readonly PropertyKey[], place: Place): string {
  if (place === 'query') return `?${path.map(String).join('.')}`;
  return path.map((key) => `/${escapePointer(key)}`).join('');
}

/** The schema within, of one that may be absent, null or given by default. */
function inner(schema: unknown): unknown {
  let found = schema;
  while (
    found instanceof z.ZodOptional ||
    found instanceof z.ZodNullable ||
    found instanceof z.ZodDefault ||
    found instanceof z.ZodPrefault
  ) {
    found = found.unwrap();
  }
  return found;
}

/** The names that an object of the schema takes at this place; none where that is not one object alone. */
function namesAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let found = inner(schema);
  for (const step of path) {
    if (found instanceof z.ZodArray) found = inner(found.element);
    else found = found instanceof z.ZodObject ? inner(found.shape[String(step)]) : undefined;
  }
  return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
}

/** `no such field; did you mean email?`, or what there is when nothing is near. */
function unknownName(key: string, names: readonly string[], place: Place): string {
  const what = place === 'query' ? 'no such parameter' : 'no such field';
  if (names.length === 0) return what;
  const near = nearest(key, names);
  return near === undefined ? `${what}; there are ${names.join(', ')}` : `${what}; did you mean ${near}?`;
}

/** A fault for each unknown field, so that every one of them has its own pointer. */
function faultsOf(issue: z.core.$ZodIssue, place: Place, schema: z.ZodType): InputFault[] {
  if (issue.code === 'unrecognized_keys') {
    const names = namesAt(schema, issue.path);
    return issue.keys.map((key) => ({
      pointer: pointerTo([...issue.path, key], place),
      detail: unknownName(key, names, place),
    }));
  }
  return [{ pointer: pointerTo(issue.path, place), detail: issue.message }];
}

/**
 * Unknown input becomes a typed value here, and nowhere else.
 *
 * @throws AppError `input.invalid` with a pointer for every fault: RFC 6901 into the body, `?name` for a query parameter.
 */
export function parseInput<S extends z.ZodType>(schema: S, value: unknown, place: Place): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.flatMap((issue) => faultsOf(issue, place, schema));
  const what = place === 'query' ? 'the query' : 'the body';
  throw new AppError('input.invalid', `${what} has ${errors.length} fault(s)`, { errors });
}

/**
 * Reads a JSON body. Called after the caller was let in: a stranger's body is never parsed.
 *
 * @throws AppError 415 for another type, 413 when it is too large, 400 when it is no JSON or nests too deep.
 */
export function readJson(limit: number): (req: Request, res: Response) => Promise<unknown> {
  const parser: RequestHandler = json({ limit, strict: false, type: () => true });
  return async (req, res) => {
    if (req.headers['content-length'] === '0') return undefined;
    if (!req.headers['transfer-encoding'] && req.headers['content-length'] === undefined) return undefined;
    if (!req.is(['application/json', 'application/*+json'])) {
      throw new AppError('input.unsupported_type', 'the body must be application/json');
    }
    const parsed = new Promise<void>((resolve, reject) => {
      void parser(req, res, (error: unknown) => {
        if (error === undefined) resolve();
        else reject(bodyFault(error));
      });
    });
    await Promise.race([refuseTooLarge(req, limit), parsed]);
    if (nestsDeeper(req.body, deepestJson)) {
      throw new AppError('input.malformed', `the body nests deeper than ${deepestJson} levels`);
    }
    return req.body as unknown;
  };
}

function bodyFault(error: unknown): Error {
  const type = typeof error === 'object' && error !== null && 'type' in error ? error.type : undefined;
  if (type === 'entity.parse.failed') {
    return new AppError('input.malformed', 'the body is not JSON', { cause: error });
  }
  return error instanceof Error ? error : new AppError('input.malformed', 'the body could not be read');
}
