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

const invalid = (detail: string, pointer = '/content'): AppError =>
  new AppError('input.invalid', 'the file cannot be read', { errors: [{ pointer, detail }] });

const plain = (heading: string): string => heading.toLowerCase().replaceAll(/[^\p{L}\p{N}.]/gu, '');

/** The separator that the heading line has most of. */
function separatorOf(content: string): string {
  const heading = content.slice(0, maxRecordCharacters).split(/\r?\n|\r/, 1)[0] ?? '';
  const counted = [',', ';', '\t', '|'].map((one) => ({ one, count: heading.split(one).length }));
  return counted.reduce((best, next) => (next.count > best.count ? next : best)).one;
}

/** Which field each column holds; undefined: none. */
function fieldsOf(
  headings: readonly string[],
  names: Readonly<Record<string, readonly string[]>>,
  columns: Readonly<Record<string, string>> | undefined,
): (string | undefined)[] {
  const byHeading = new Map<string, string>();
  if (columns) {
    for (const [field, heading] of Object.entries(columns)) byHeading.set(plain(heading), field);
    const missing = Object.entries(columns).find(
      ([, heading]) => !headings.some((one) => plain(one) === plain(heading)),
    );
    if (missing)
      throw invalid(
        `there is no column ${missing[1]}; there are ${headings.join(', ')}`,
        `/columns/${missing[0]}`,
      );
  } else {
    for (const [field, usual] of Object.entries(names))
      for (const name of [field, ...usual]) byHeading.set(plain(name), field);
  }
  const own = (heading: string): string | undefined =>
    !columns && heading.startsWith('attributes.') ? heading : undefined;
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
