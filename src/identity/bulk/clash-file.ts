import { AppError } from '../../shared/errors.js';
import type { Actor, Core } from '../core.js';
import { readTable } from '../imports/table.js';
import { clashDecisions } from '../sso/account-clashes.js';
import { decideClash, type ClashChoice } from '../sso/clash-decisions.js';

/** What became of one line of a file of decisions. */
export interface ClashResult {
  line: number;
  id: string;
  outcome: 'done' | 'failed';
  /** Why not, in words; null: done. */
  reason: string | null;
}

/** Lines of one file. */
const maxLines = 500;

const columns = {
  id: [],
  decision: [],
  into: [],
  userName: ['new username'],
  email: ['new email'],
} as const;

type Cells = Readonly<Record<string, string | undefined>>;

function choiceOf({ decision, into, userName, email }: Cells): ClashChoice {
  const known = clashDecisions.find((one) => one === decision?.trim().toLowerCase());
  if (!known) throw new AppError('input.invalid', `decision must be one of ${clashDecisions.join(', ')}`);
  return { decision: known, into, userName, email };
}

async function decideLine(core: Core, actor: Actor, line: number, cells: Cells): Promise<ClashResult> {
  const id = cells['id'] ?? '';
  try {
    await decideClash(core, actor, id, choiceOf(cells));
    return { line, id, outcome: 'done', reason: null };
  } catch (error) {
    if (!(error instanceof AppError) || error.status >= 500) throw error;
    const [first] = error.errors;
    return { line, id, outcome: 'failed', reason: (first?.detail ?? error.message).slice(0, 300) };
  }
}

/**
 * Decides on the clashes of a CSV file, line by line; a line without a decision is left open.
 *
 * @throws AppError `input.invalid` for a file that cannot be read, or of more than 500 decisions.
 */
export async function decideClashes(core: Core, actor: Actor, content: string): Promise<ClashResult[]> {
  const rows: { line: number; cells: Cells }[] = [];
  for await (const row of readTable(content, columns, {})) {
    if ((row.cells['decision'] ?? '').trim() !== '') rows.push(row);
    if (rows.length > maxLines) {
      const detail = `at most ${maxLines} decisions in one file`;
      throw new AppError('input.invalid', detail, { errors: [{ pointer: '/content', detail }] });
    }
  }
  const results: ClashResult[] = [];
  for (const { line, cells } of rows) results.push(await decideLine(core, actor, line, cells));
  return results;
}
