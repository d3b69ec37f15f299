import { AppError } from '../../shared/errors.js';
import type { BootstrapEntryDocument, EntryPlace, Ledger } from './ledger.js';
import { positionOf } from './read.js';
import { BootstrapError } from './schema.js';
import type { Actor, Core } from '../core.js';
import type { WriteOptions } from '../versions.js';

/** What became of one entry. */
export type EntryOutcome = 'created' | 'updated' | 'unchanged';

export interface Run {
  core: Core;
  actor: Actor;
  ledger: Ledger;
  /** What was applied before of what stands in the run's tenant, by record id. */
  applied: Map<string, BootstrapEntryDocument>;
  /** By the entry's JSON path. */
  outcomes: Map<string, EntryOutcome>;
  /** Whether everything is applied as if it were new. */
  again: boolean;
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

/**
 * Does all the work, begun in order, whatever is refused on the way; then throws everything that was.
 *
 * @param atOnce - how many are under way at one time.
 */
export async function all(works: readonly (() => Promise<void>)[], atOnce = 1): Promise<void> {
  const problems: string[][] = [];
  const failures: unknown[] = [];
  const left = works.entries();
  const worker = async (): Promise<void> => {
    for (const [index, work] of left) {
      try {
        await work();
      } catch (error) {
        if (error instanceof BootstrapError) problems[index] = [...error.problems];
        else failures.push(error);
      }
      if (failures.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failures.length > 0) throw failures[0];
  if (problems.length > 0) throw new BootstrapError(problems.flat());
}

/** Does the work for each entry of a list, in order. */
export function each<T extends object>(
  list: readonly T[] | undefined,
  path: string,
  work: (entry: T, path: string) => Promise<void>,
): Promise<void> {
  return all(
    (list ?? []).map((entry, index) => {
      const where = `${path}[${positionOf(entry) ?? index}]`;
      return () => at(where, () => work(entry, where));
    }),
  );
}

interface Versioned {
  version: number;
}

/** One entry of the file, and how what it declares is found, made and changed. */
export interface Entry<D extends Versioned> {
  place: EntryPlace;
  path: string;
  /** Each field with its value in the file; undefined ones say nothing. */
  fields: Readonly<Record<string, unknown>>;
  idOf(document: D): string;
  /** By the key that the file names it by. */
  find(): Promise<D | undefined>;
  get(id: string): Promise<D | undefined>;
  /** @returns the new document's id. */
  create(): Promise<string>;
  /** @param names - the fields to apply; the others stay as they are. */
  update(found: D, names: ReadonlySet<string>, options: WriteOptions): Promise<Versioned>;
  /** When the password was last set; for entries that have one. */
  passwordSetAt?: (id: string) => Promise<Date | null>;
}

/** How often an entry is read again because somebody else wrote it in the meantime. */
const maxAttempts = 20;

/** Somebody else created the entry, or changed it, between the look at it and the write. */
function isOvertaken(error: unknown, wasFound: boolean): boolean {
  if (!(error instanceof AppError)) return false;
  return wasFound ? error.code === 'resource.version_mismatch' : error.status === 409;
}

/**
 * Creates what is not there, else changes it; what another process created at the same moment is changed. The change holds for the version
 * that was found: an entry's version also moves when others work beside it (a tenant's with each of its roles), and only so is a later
 * version this change's own.
 *
 * @returns undefined when it is not there and may not be made.
 */
async function upsert<D extends Versioned>(
  entry: Entry<D>,
  find: () => Promise<D | undefined>,
  names: ReadonlySet<string>,
  mayCreate: boolean,
): Promise<{ id: string; outcome: EntryOutcome } | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await find();
    try {
      if (found) {
        const { version } = await entry.update(found, names, { ifVersion: found.version });
        return { id: entry.idOf(found), outcome: version === found.version ? 'unchanged' : 'updated' };
      }
      return mayCreate ? { id: await entry.create(), outcome: 'created' } : undefined;
    } catch (error) {
      if (attempt === maxAttempts || !isOvertaken(error, found !== undefined)) throw error;
      if (!found && !(await find())) throw error;
    }
  }
}

/** The digest of each field that says something. */
export function digestsOf(
  ledger: Ledger,
  place: EntryPlace,
  fields: Readonly<Record<string, unknown>>,
): Map<string, string> {
  const said = Object.entries(fields).filter(([, value]) => value !== undefined);
  return new Map(said.map(([field, value]) => [field, ledger.digest(place, field, value)]));
}

const digestsIn = (record: BootstrapEntryDocument | undefined): Map<string, string> =>
  new Map(record?.fields.map(({ field, digest }) => [field, digest]));

/** An entry that is looked at again keeps what became of it at first. */
function note(outcomes: Map<string, EntryOutcome>, path: string, outcome: EntryOutcome): void {
  const known = outcomes.get(path) ?? 'unchanged';
  outcomes.set(path, known === 'unchanged' ? outcome : known);
}

async function passwordTime<D extends Versioned>(
  { passwordSetAt }: Entry<D>,
  id: string,
  kept: BootstrapEntryDocument | undefined,
): Promise<Date | null> {
  if (kept) return kept.passwordSetAt;
  return passwordSetAt ? passwordSetAt(id) : null;
}

/**
 * Applies one entry: all of it when it is new here, else the fields whose value in the file is another than the one last applied. What was
 * applied once and is gone is not made again.
 *
 * @returns the id of what it is about; undefined when that is gone.
 */
export async function applyEntry<D extends Versioned>(
  run: Run,
  entry: Entry<D>,
): Promise<string | undefined> {
  const { ledger, applied, outcomes } = run;
  const { place, path } = entry;
  const record = run.again ? undefined : applied.get(ledger.idOf(place));
  const before = digestsIn(record);
  const digests = digestsOf(ledger, place, entry.fields);
  const changed = new Set([...digests.keys()].filter((field) => before.get(field) !== digests.get(field)));
  const known = record?.documentId ?? null;
  const find = async (): Promise<D | undefined> =>
    (known === null ? undefined : await entry.get(known)) ?? (await entry.find());
  if (record && changed.size === 0) {
    note(outcomes, path, 'unchanged');
    const found = await find();
    return found && entry.idOf(found);
  }
  const result = await upsert(entry, find, changed, record === undefined);
  if (!result) {
    note(outcomes, path, 'unchanged');
    return undefined;
  }
  const { id, outcome } = result;
  const passwordSetAt = await passwordTime(entry, id, changed.has('password') ? undefined : record);
  await ledger.save({ place, documentId: id, digests: new Map([...before, ...digests]), passwordSetAt });
  note(outcomes, path, outcome);
  return id;
}
