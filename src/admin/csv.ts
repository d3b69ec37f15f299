import { stringify } from 'csv-stringify';
import type { Response } from 'express';

/** `users-20260105-0900.csv`: the time is UTC. */
function fileName(subject: string, at: Date): string {
  const [day = '', time = ''] = at.toISOString().split('T');
  return `${subject}-${day.replaceAll('-', '')}-${time.slice(0, 5).replace(':', '')}.csv`;
}

/** How long an export may outlive what it was asked for with. */
const recheckMs = 1500;

interface Reader {
  readonly res: Response;
  /** Whether the caller would be let in again at this moment. */
  readonly isStillAllowed: () => Promise<boolean>;
}

// What a spreadsheet takes for a formula, at the start of a cell or of a line within it, and behind a semicolon, which parts the cells in
// many countries: quotes do not keep every program from splitting.
const formulaStart = /(^|[\r\n\u000b\u000c\u0085\u2028\u2029;])([\t ]*[=+\-@\uff1d\uff0b\uff0d\uff20]|\t)/g;

/** A cell without anything a spreadsheet would run: an apostrophe stands before it. */
const harmless = (cell: string): string => cell.replace(formulaStart, "$1'$2");

/**
 * Streams rows as a download: RFC 4180, UTF-8 with a byte order mark, cells that a spreadsheet would take for a formula made harmless.
 *
 * @param columns - the titles, in order.
 * @param rows - as many cells each; pulled one by one, as fast as they are read, so the export is never held whole.
 */
export async function sendCsv(
  { res, isStillAllowed }: Reader,
  subject: string,
  at: Date,
  columns: readonly string[],
  rows: AsyncIterable<readonly string[]>,
): Promise<void> {
  res.setHeader('Content-Type', 'text/csv; charset=utf-8');
  res.setHeader('Content-Disposition', `attachment; filename="${fileName(subject, at)}"`);
  const lines = stringify({
    bom: true,
    header: true,
    columns: [...columns],
    quoted_match: /[\r\n]/,
    record_delimiter: 'windows',
  });
  const finished = new Promise<void>((resolve, reject) => {
    res.once('close', resolve);
    lines.once('error', reject);
  });
  lines.pipe(res);
  let checkedAt = performance.now();
  for await (const row of rows) {
    if (performance.now() - checkedAt > recheckMs) {
      if (!(await isStillAllowed())) res.destroy();
      checkedAt = performance.now();
    }
    if (res.destroyed) break;
    if (!lines.write(row.map(harmless))) {
      await Promise.race([finished, new Promise((resolve) => lines.once('drain', resolve))]);
    }
  }
  lines.end();
  await finished;
}
