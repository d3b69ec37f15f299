import { AppError } from '../shared/errors.js';
import { BootstrapError } from './bootstrap-schema.js';
import type { Actor, Core } from './core.js';
import type { WriteOptions } from './versions.js';

/** How many entries of each kind of outcome. */
export interface BootstrapOutcome {
  created: number;
  updated: number;
  unchanged: number;
}

export interface Run {
  core: Core;
  actor: Actor;
  outcome: BootstrapOutcome;
}

/** `/domains/0/domain` below `tenants[0].ssoConnections[1]` as `tenants[0].ssoConnections[1].domains[0].domain`. */
function below(path: string, pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .reduce((at, step) => (/^\d+$/.test(step) ? `${at}[${step}]` : `${at}.${step}`), path);
}

/** Does the work for the entry at a path; a refusal names the path. */
export async function at<R>(path: string, work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError) || error.status >= 500) throw error;
    const problems = error.errors.map(({ pointer, detail }) => `${below(path, pointer)}: ${detail}`);
    throw new BootstrapError(problems.length > 0 ? problems : [`${path}: ${error.message}`]);
  }
}

/** Does all the work, in order, whatever is refused on the way; then throws everything that was. */
export async function all(works: readonly (() => Promise<void>)[]): Promise<void> {
  const problems: string[] = [];
  for (const work of works) {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof BootstrapError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new BootstrapError(problems);
}

/** Does the work for each entry of a list, in order. */
export function each<T>(
  list: readonly T[] | undefined,
  path: string,
  work: (entry: T, path: string) => Promise<void>,
): Promise<void> {
  return all(
    (list ?? []).map((entry, index) => {
      const where = `${path}[${index}]`;
      return () => at(where, () => work(entry, where));
    }),
  );
}

interface Versioned {
  version: number;
}

/** How often an entry is read anew because somebody else wrote it meanwhile. */
const mostAttempts = 20;

/**
 * Creates what is not there, else updates it; what another process created at the same moment is updated. The update holds for the
 * version that was found: an entry's version also moves when others work beside it (a tenant's with each of its roles), and only so is a
 * later version this update's own.
 */
export async function upsert<T extends Versioned>(
  { outcome }: Run,
  find: () => Promise<T | undefined>,
  create: () => Promise<unknown>,
  update: (found: T, options: WriteOptions) => Promise<Versioned>,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await find();
    try {
      if (!found) {
        await create();
        outcome.created += 1;
        return;
      }
      const { version } = await update(found, { ifVersion: found.version });
      outcome[version === found.version ? 'unchanged' : 'updated'] += 1;
      return;
    } catch (error) {
      if (attempt === mostAttempts || !isOvertaken(error, found !== undefined)) throw error;
      if (!found && !(await find())) throw error;
    }
  }
}

/** Somebody else created the entry, or changed it, between the look at it and the write. */
function isOvertaken(error: unknown, wasFound: boolean): boolean {
  if (!(error instanceof AppError)) return false;
  return wasFound ? error.code === 'resource.version_mismatch' : error.status === 409;
}
