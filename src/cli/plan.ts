import { BootstrapError } from '../identity/bootstrap/bootstrap.js';
import { planFile, type BootstrapPlan } from '../identity/bootstrap/plan.js';
import { hasEmbedded } from '../persistence/connect.js';
import { exitCodes, type Command, type Terminal } from './command.js';
import { readConfig, withCore, withScratchCore } from './server-core.js';
import { asDataFault, readJson } from './transfer.js';

/** Where there is no database yet, the file is planned on an empty one. */
function withAnyCore<R>(terminal: Terminal, work: Parameters<typeof withCore<R>>[1]): Promise<R> {
  const { mongodbUri, dataDir } = readConfig(terminal);
  const isThere = mongodbUri !== undefined || hasEmbedded(dataDir);
  return isThere ? withCore(terminal, work, 'read') : withScratchCore(terminal, work);
}

function linesOf({ id, outcome, tenants }: BootstrapPlan): string[] {
  const { created, updated, unchanged } = outcome;
  return [
    `entries: ${created} to create, ${updated} to update, ${unchanged} unchanged`,
    ...tenants.flatMap(({ slug, summary }) =>
      summary.length === 0 ? [`${slug}: no person is affected`] : summary.map((line) => `${slug}: ${line}`),
    ),
    `plan ${id}`,
  ];
}

/** Counts over all tenants, for scripts that decide by a number. */
const countOf = ({ tenants }: BootstrapPlan, wanted: string): number =>
  tenants
    .flatMap(({ changes }) => changes)
    .filter(({ kind }) => kind === wanted)
    .reduce((sum, { users }) => sum + users, 0);

export const planCommand: Command = {
  name: 'plan',
  summary: 'say what applying a bootstrap file would do, and for whom; changes nothing',
  options: {
    again: { type: 'boolean', describe: 'as `import --again`: everything as if it were new' },
  },
  positionals: ['FILE'],
  async run({ positionals, values, terminal, report }) {
    const json = await readJson(positionals[0] ?? '-', terminal);
    try {
      return await withAnyCore(terminal, async (core) => {
        const plan = await planFile(core, json, values['again'] === true);
        const { id, outcome, tenants } = plan;
        const result = {
          plan: id,
          entries: outcome,
          lockedOut: countOf(plan, 'administrator.locked_out'),
          forwarded: countOf(plan, 'forwarded'),
          tenants,
        };
        report(result, linesOf(plan));
        return exitCodes.ok;
      });
    } catch (error) {
      throw error instanceof BootstrapError ? asDataFault(error) : error;
    }
  },
};
