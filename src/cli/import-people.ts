import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { systemActor } from '../identity/actors.js';
import { bulkJobs } from '../identity/bulk/handlers.js';
import {
  importedFormats,
  peopleImport,
  rowsOfPeople,
  type PeopleOptions,
} from '../identity/bulk/import-people.js';
import {
  getBulk,
  isOver,
  rowsAfter,
  startBulk,
  type BulkJobDocument,
  type PlacedRow,
} from '../identity/bulk/jobs.js';
import type { Core } from '../identity/core.js';
import { startJobWorker } from '../identity/jobs/queue.js';
import { tenantConfig, type TenantConfig } from '../identity/tenants/config.js';
import { fileFault } from '../infrastructure/file-fault.js';
import {
  CommandError,
  exitCodes,
  textOf,
  UsageError,
  type Command,
  type OptionValues,
  type Terminal,
} from './command.js';
import { withCore } from './server-core.js';
import { tenantOf, tenantOption } from './tenant.js';

/** Between two looks at a job that a running server has taken. */
const lookMs = 200;
const shownRefusals = 1000;

type Format = (typeof importedFormats)[number];

/** @throws UsageError for a format that there is not. */
function formatOf(values: OptionValues, path: string): Format {
  const named = textOf(values, 'format') ?? (path.endsWith('.json') ? 'json' : 'csv');
  const format = importedFormats.find((known) => known === named);
  if (format) return format;
  throw new UsageError(`--format takes one of ${importedFormats.join(', ')}`);
}

/** @throws UsageError for a role that there is not. */
function rolesOf(values: OptionValues, { roles }: TenantConfig): string[] {
  const named = (textOf(values, 'roles') ?? '').split(',').filter((role) => role !== '');
  const unknown = named.find((role) => !roles.has(role));
  if (unknown === undefined) return named;
  throw new UsageError(`there is no role ${unknown}`);
}

async function readText(path: string, terminal: Terminal): Promise<string> {
  return (path === '-' ? terminal.readInput() : readFile(path, 'utf8')).catch((error: unknown) => {
    throw new CommandError(exitCodes.noInput, `${path} ${fileFault(error)}`);
  });
}

/** Does the job here, or waits for the server that took it. */
async function finished(core: Core, { _id, tenantId }: BulkJobDocument): Promise<BulkJobDocument> {
  const worker = startJobWorker(core, bulkJobs(core));
  try {
    for (;;) {
      await worker.drain();
      const job = await getBulk(core, tenantId, _id);
      if (isOver(job)) return job;
      await delay(lookMs);
    }
  } finally {
    await worker.stop();
  }
}

const lineOf = ({ label, line, reason }: PlacedRow): string => `line ${line}: ${label}: ${reason ?? ''}`;

export const importPeopleCommand: Command = {
  name: 'import people',
  summary:
    'take over people from a file (- reads standard input), with the hashes of their passwords; lines are done or refused one by one',
  options: {
    tenant: tenantOption,
    format: {
      type: 'string',
      value: 'FORMAT',
      describe: `${importedFormats.join(', ')}; csv when absent (json for FILE.json)`,
    },
    'dry-run': { type: 'boolean', describe: 'only say what would happen to each line' },
    roles: { type: 'string', value: 'ROLES', describe: 'keys of roles for all of them, with commas' },
    'send-activation': {
      type: 'boolean',
      describe: 'mail the way in to those who come without a password',
    },
  },
  positionals: ['FILE'],
  async run({ positionals, values, terminal, report }) {
    const [path = '-'] = positionals;
    const format = formatOf(values, path);
    const content = await readText(path, terminal);
    return withCore(terminal, async (core) => {
      const { _id: tenantId, slug } = await tenantOf(core, values);
      const roles = rolesOf(values, await tenantConfig(core, tenantId));
      const options: PeopleOptions = { roles, sendActivation: values['send-activation'] === true };
      const isDryRun = values['dry-run'] === true;
      const input = { kind: peopleImport, permission: 'users.create', isDryRun, options: { ...options } };
      const actor = systemActor(tenantId, 'gatehouse import people');
      const started = await startBulk(core, actor, input, rowsOfPeople({ format, content }));
      const job = await finished(core, started);
      const wanted = { after: undefined, limit: shownRefusals, outcome: 'refused' as const };
      const refused = await rowsAfter(core, job, wanted);
      const { counts, status, total } = job;
      const rows = refused.map(({ code = null, label, line, reason = null }) => ({
        ...{ line, label, code, reason },
      }));
      report({ tenant: slug, job: job._id, status, dryRun: isDryRun, total, counts, refused: rows }, [
        `${isDryRun ? 'would take over' : 'took over'} ${counts.done} of ${total} into ${slug}`,
        ...refused.map(lineOf),
        ...(counts.refused > refused.length ? [`and ${counts.refused - refused.length} more`] : []),
      ]);
      return counts.refused === 0 && status === 'done' ? exitCodes.ok : exitCodes.failed;
    });
  },
};
