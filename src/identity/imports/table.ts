import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { AppError } from '../../shared/errors.js';

/** One line of a CSV file: its cells by the names of fields. */
export interface TableRow {
  /** Where it begins in the file, from 1. */
  line: number;
  cells: Readonly<Record<string, string>>;
}

export interface TableOptions {
  /** Field to the heading of its column. Absent: by what the headings are usually called. */
  columns?: Readonly<Record<string, string>> | undefined;
  delimiter?: string | undefined;
}

const chunkCharacters = 65_536;
const maxRecordCharacters = 100_000;
const maxHeadings = 500;
const maxToldCharacters = 1000;
const ownPrefix = 'attributes.';

const invalid = (detail: string, pointer = '/content'): AppError =>
  new AppError('input.invalid', 'the file cannot be read', { errors: [{ pointer, detail }] });

const plain = (heading: string): string => heading.toLowerCase().replaceAll(/[^\p{L}\p{N}.]/gu, '');

/** The separator that the heading line has most of. */
function separatorOf(content: string): string {
  const heading = content.slice(0, maxRecordCharacters).split(/\r?\n|\r/, 1)[0] ?? '';
  const counted = [',', ';', '\t', '|'].map((one) => ({ one, count: heading.split(one).length }));
  return counted.reduce((best, next) => (next.count > best.count ? next : best)).one;
}

/** The fields that columns are stated for, by their headings in plain form. */
function statedFields(
  headings: readonly string[],
  names: Readonly<Record<string, readonly string[]>>,
  columns: Readonly<Record<string, string>>,
): Map<string, string> {
  const there = new Set(headings.map(plain));
  const byHeading = new Map<string, string>();
  for (const [field, heading] of Object.entries(columns)) {
    const pointer = `/columns/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (!Object.hasOwn(names, field) && !field.startsWith(ownPrefix))
      throw invalid(`there is no field ${field}; there may be ${Object.keys(names).join(', ')}`, pointer);
    const key = plain(heading);
    if (!there.has(key))
      throw invalid(
        `there is no column ${heading}; there are ${headings.join(', ').slice(0, maxToldCharacters)}`,
        pointer,
      );
    byHeading.set(key, field);
  }
  return byHeading;
}

function usualFields(names: Readonly<Record<string, readonly string[]>>): Map<string, string> {
  return new Map(
    Object.entries(names).flatMap(([field, usual]) =>
      [field, ...usual].map((name): [string, string] => [plain(name), field]),
    ),
  );
}

/** Which field each column holds; undefined: none. */
function fieldsOf(
  headings: readonly string[],
  names: Readonly<Record<string, readonly string[]>>,
  columns: Readonly<Record<string, string>> | undefined,
): (string | undefined)[] {
  if (headings.length > maxHeadings) throw invalid(`at most ${maxHeadings} columns`);
  const byHeading = columns ? statedFields(headings, names, columns) : usualFields(names);
  const own = (heading: string): string | undefined =>
    !columns && heading.startsWith(ownPrefix) ? heading : undefined;
  const fields = headings.map((heading) => byHeading.get(plain(heading)) ?? own(heading));
  const twice = fields.find((field, index) => field !== undefined && fields.indexOf(field) !== index);
  if (twice !== undefined) throw invalid(`two columns are ${twice}`, '/columns');
  return fields;
}

function* chunksOf(content: string): Generator<string> {
  for (let at = 0; at < content.length; at += chunkCharacters) yield content.slice(at, at + chunkCharacters);
}

interface Parsed {
  record: string[];
  info: { lines: number };
}

/**
 * Reads a CSV file (RFC 4180) with a heading line, a part at a time, so that other work runs between.
 *
 * @param names - the fields there are, with what their headings are usually called.
 * @throws AppError `input.invalid` for a file without a column that is a field, or with a fault in its form.
 */
export async function* readTable(
  content: string,
  names: Readonly<Record<string, readonly string[]>>,
  options: TableOptions = {},
): AsyncGenerator<TableRow> {
  const parser = Readable.from(chunksOf(content)).pipe(
    parse({
      bom: true,
      info: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      delimiter: options.delimiter ?? separatorOf(content),
      max_record_size: maxRecordCharacters,
    }),
  );
  let fields: (string | undefined)[] | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<Parsed>) {
      if (!fields) {
        fields = fieldsOf(record, names, options.columns);
        if (fields.every((field) => field === undefined))
          throw invalid(`no column is known; there may be ${Object.keys(names).join(', ')}`);
        continue;
      }
      const cells = fields.flatMap((field, index): [string, string][] => {
        const cell = record[index] ?? '';
        return field === undefined || cell === '' ? [] : [[field, cell]];
      });
      yield { line: info.lines, cells: Object.fromEntries(cells) };
    }
  } catch (error) {
    if (error instanceof CsvError) throw invalid(error.message);
    throw error;
  }
  if (!fields) throw invalid('the file is empty');
}
