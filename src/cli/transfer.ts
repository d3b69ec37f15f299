import { readFile } from 'node:fs/promises';
import { exportBootstrap } from '../identity/bootstrap/export.js';
import { leftOutOf } from '../identity/bootstrap/left-out.js';
import {
  applyBootstrap,
  BootstrapError,
  type BootstrapFile,
  type BootstrapOutcome,
} from '../identity/bootstrap/bootstrap.js';
import { applyPlanned } from '../identity/bootstrap/plan.js';
import { overriddenBy } from '../identity/bootstrap/overrides.js';
import { planBootstrap } from '../identity/bootstrap/rehearsal.js';
import { missingSecrets, weakSecrets } from '../identity/bootstrap/secrets.js';
import { AppError } from '../shared/errors.js';
import { fileFault } from '../infrastructure/file-fault.js';
import type { Core } from '../identity/core.js';
import { jsonOf, personData } from '../identity/privacy/person-data.js';
import { findPerson } from '../identity/privacy/person.js';
import {
  CommandError,
  exitCodes,
  textOf,
  type Command,
  type ExitCode,
  type OptionValues,
  type Terminal,
} from './command.js';
import { withCore } from './server-core.js';
import { tenantOf, tenantOption } from './tenant.js';

async function exportPerson(
  core: Core,
  values: OptionValues,
  terminal: Terminal,
  named: string,
): Promise<ExitCode> {
  const tenant = await tenantOf(core, values);
  const person = await findPerson(core, tenant._id, named);
  let text = '';
  for await (const part of jsonOf(await personData(core, tenant._id, person))) text += part;
  terminal.out(text.trimEnd());
  return exitCodes.ok;
}

export const exportCommand: Command = {
  name: 'export',
  summary:
    'print tenants in the form of the bootstrap file, without secrets and without provisioned users; or all of one person',
  options: {
    tenant: { ...tenantOption, describe: 'this tenant alone; else all' },
    person: {
      type: 'string',
      value: 'PERSON',
      describe: 'all there is of one person, in one tenant: user id, address or userName',
    },
  },
  positionals: [],
  run: ({ values, terminal }) =>
    withCore(
      terminal,
      async (core) => {
        const named = textOf(values, 'person');
        if (named !== undefined) return exportPerson(core, values, terminal, named);
        const slug = textOf(values, 'tenant');
        if (slug !== undefined) await tenantOf(core, values);
        const file = await exportBootstrap(core, slug);
        terminal.out(JSON.stringify(file, null, 2));
        for (const line of await leftOutOf(core, slug)) terminal.err(line);
        return exitCodes.ok;
      },
      'read',
    ),
};

/** A file that was given, `-` for standard input. */
export async function readJson(path: string, terminal: Terminal): Promise<unknown> {
  const text = await (path === '-' ? terminal.readInput() : readFile(path, 'utf8')).catch(
    (error: unknown) => {
      throw new CommandError(exitCodes.noInput, `${path} ${fileFault(error)}`);
    },
  );
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CommandError(exitCodes.data, `${path} ${fileFault(error)}`);
  }
}

/** A faulty file as an exit code. */
export const asDataFault = (error: unknown): unknown =>
  error instanceof BootstrapError ? new CommandError(exitCodes.data, error.message, error.problems) : error;

/** @param plan - what `gatehouse plan` gave; undefined: whatever it does. */
async function apply(
  core: Core,
  json: unknown,
  plan: string | undefined,
  again: boolean,
): Promise<{ file: BootstrapFile; outcome: BootstrapOutcome }> {
  if (plan === undefined) {
    const file = await planBootstrap(core, json, again);
    return { file, outcome: await applyBootstrap(core, file, { again }) };
  }
  const applied = await applyPlanned(core, json, plan, again);
  if (applied) return applied;
  throw new AppError(
    'plan.stale',
    'the plan does not hold any more: make a new one, and nothing was changed',
  );
}

export const importCommand: Command = {
  name: 'import',
  summary: 'apply a bootstrap file (- reads standard input); applying it again changes nothing',
  options: {
    again: {
      type: 'boolean',
      describe: 'apply everything as if it were new: what was changed or deleted here since comes back',
    },
    plan: {
      type: 'string',
      value: 'PLAN',
      describe: 'apply it only if it does what `gatehouse plan` said of it',
    },
  },
  positionals: ['FILE'],
  async run({ positionals, values, terminal, report }) {
    const [path = '-'] = positionals;
    const again = values['again'] === true;
    const json = await readJson(path, terminal);
    try {
      return await withCore(terminal, async (core) => {
        const { file, outcome } = await apply(core, json, textOf(values, 'plan'), again);
        const { created, updated, unchanged } = outcome;
        const overridden = await overriddenBy(core, file);
        const weak = weakSecrets(file);
        const needsSecret = missingSecrets(file);
        report({ ...outcome, overridden, weakSecrets: weak, needsSecret }, [
          `created ${created}, updated ${updated}, unchanged ${unchanged}`,
          ...overridden.map(
            (where) => `${where} was changed here since, and stays (--again applies the file's)`,
          ),
          ...needsSecret.map((where) => `${where} needs a new client secret: the file holds none`),
          ...weak.map((where) => `warning: ${where} is short enough to guess`),
        ]);
        return exitCodes.ok;
      });
    } catch (error) {
      throw asDataFault(error);
    }
  },
};
