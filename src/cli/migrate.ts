import { openMigrationTarget } from '../persistence/connect.js';
import { planMigration, runMigration } from '../persistence/migrations/migration.js';
import { exitCodes, type Command } from './command.js';
import { readConfig, startFailure } from './server-core.js';

export const migrateCommand: Command = {
  name: 'migrate',
  summary:
    'bring the database of an older version to the format of this one, with all other processes stopped',
  options: {
    'dry-run': { type: 'boolean', describe: 'print what it would do, and change nothing' },
  },
  positionals: [],
  async run({ values, terminal, report }) {
    const config = readConfig(terminal);
    const isDryRun = values['dry-run'] === true;
    const isJson = values['json'] === true;
    const target = await openMigrationTarget(config).catch((error: unknown) => {
      throw startFailure(error);
    });
    try {
      const progress = (title: string) => {
        if (!isJson) terminal.err(`${title} ...\n`);
      };
      const { from, to, steps } = isDryRun
        ? await planMigration(target)
        : await runMigration(target, progress);
      report({ from: from ?? null, to, isDryRun, steps }, resultLines(from, to, steps, isDryRun));
      return exitCodes.ok;
    } finally {
      await target.close();
    }
  },
};

function resultLines(
  from: number | undefined,
  to: number,
  steps: readonly string[],
  isDryRun: boolean,
): string[] {
  if (from === undefined) return ['there is no database yet: the first start creates it'];
  if (steps.length === 0) return [`the database has format ${to} already: there is nothing to do`];
  const listed = steps.map((title) => `  ${title}`);
  return isDryRun
    ? [`from format ${from} to format ${to} it would:`, ...listed, 'nothing was changed']
    : [`done: from format ${from} to format ${to}`, ...listed];
}
