import { isDeepStrictEqual } from 'node:util';
import type { BootstrapEntryDocument, Ledger } from './ledger.js';
import { positionOf } from './read.js';
import type { Core } from '../core.js';

export type Fields = Readonly<Record<string, unknown>>;

/** In one order, where a list's order says nothing. */
function sorted(value: unknown): unknown {
  return Array.isArray(value) ? value.map((item) => JSON.stringify(item)).sort() : value;
}

/**
 * The fields of an entry whose value here is another than the file's.
 *
 * @param shown - what stands here, in the file's form; undefined is not compared.
 */
export function differing(entry: object, shown: Fields): string[] {
  return Object.entries(entry)
    .filter(([name, value]) => value !== undefined && shown[name] !== undefined)
    .filter(([name, value]) => !isDeepStrictEqual(sorted(value), sorted(shown[name])))
    .map(([name]) => name);
}

/** The file's own value where the stored form says the same; a value that is nobody's where it does not. */
export const sameIf = (isSame: boolean, value: unknown): unknown => (isSame ? value : { changed: true });

/** One look at a tenant that a file names: what was applied, and where it stands now. */
export interface Look {
  core: Core;
  ledger: Ledger;
  tenantId: string;
  applied: ReadonlyMap<string, BootstrapEntryDocument>;
}

interface Listed {
  _id: string;
}

/** Compares the entries of one list that were applied; one whose document is gone is named as a whole. */
export function compare<E extends object, D extends Listed>(
  { ledger, tenantId, applied }: Look,
  { kind, path, entries = [] }: { kind: string; path: string; entries: readonly E[] | undefined },
  keyOf: (entry: E) => string,
  documents: readonly D[],
  shown: (entry: E, document: D, record: BootstrapEntryDocument) => Fields,
): string[] {
  return entries.flatMap((entry, index) => {
    const record = applied.get(ledger.idOf({ kind, tenantId, key: keyOf(entry) }));
    if (!record) return [];
    const where = `${path}[${positionOf(entry) ?? index}]`;
    const document = documents.find(({ _id }) => _id === record.documentId);
    if (!document) return [where];
    return differing(entry, shown(entry, document, record)).map((field) => `${where}.${field}`);
  });
}
