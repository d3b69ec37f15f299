import { stringify } from 'csv-stringify';
import type { Response } from 'express';

/** `users-20260105-0900.csv`: the time is UTC. */
function fileName(subject: string, at: Date): string {
  const [day = '', time = ''] = at.toISOString().split('T');
  return `${subject}-${day.replaceAll('-', '')}-${time.slice(0, 5).replace(':', '')}.csv`;
}

/**
 * Streams rows as a download: RFC 4180, UTF-8 with a byte order mark, cells that a spreadsheet would take for a formula made harmless.
 *
 * @param columns - the titles, in order.
 * @param rows - as many cells each; pulled one by one, so the export is never held whole.
 */
export async function sendCsv(
  res: Response,
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
    escape_formulas: true,
    record_delimiter: 'windows',
  });
  const finished = new Promise<void>((resolve, reject) => {
    res.once('close', resolve);
    lines.once('error', reject);
  });
  lines.pipe(res);
  for await (const row of rows) {
    if (res.destroyed) break;
    if (!lines.write(row)) await new Promise((resolve) => lines.once('drain', resolve));
  }
  lines.end();
  await finished;
}
