import { AppError } from '../shared/errors.js';

/**
 * Runs a domain function that judges one part of the body, and turns what it points at into pointers into the body.
 *
 * @param from - the prefix its pointers have, e.g. `/4` for the fifth of a list; empty for none; or what such a pointer looks like.
 * @param to - where that part stands in the body, e.g. `/roleRules`.
 */
export async function reroot<R>(from: string | RegExp, to: string, work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError) || error.errors.length === 0) throw error;
    const moved = (pointer: string): string =>
      typeof from !== 'string'
        ? pointer.replace(from, to)
        : pointer === from || pointer.startsWith(`${from}/`)
          ? `${to}${pointer.slice(from.length)}`
          : pointer;
    const errors = error.errors.map((fault) => ({ ...fault, pointer: moved(fault.pointer) }));
    throw new AppError(error.code, error.message, { errors, cause: error });
  }
}
