import { readFile } from 'node:fs/promises';
import { planBootstrap } from '../identity/bootstrap-rehearsal.js';
import { parseBootstrap } from '../identity/bootstrap.js';
import { environmentNames, printableConfig, type Config } from '../infrastructure/config.js';
import { AppError } from '../shared/errors.js';
import { exitCodes, type Command, type Terminal } from './command.js';
import { readConfig, withCore } from './server-core.js';

function configLines(config: Config): string[] {
  const variables = new Map(
    Object.entries(environmentNames).map(([variable, setting]) => [setting, variable]),
  );
  return Object.entries(printableConfig(config)).map(([name, value]) => {
    const variable = variables.get(name as (typeof environmentNames)[keyof typeof environmentNames]);
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return `  ${(variable ?? name).padEnd(24)}${text}`;
  });
}

interface Finding {
  readonly subject: string;
  readonly ok: boolean;
  readonly detail: string;
}

const reasonOf = (error: unknown): string => {
  const faults =
    error instanceof AppError ? error.errors.map((fault) => `${fault.pointer}: ${fault.detail}`) : [];
  return [error instanceof Error ? error.message : String(error), ...faults].join('\n    ');
};

/** The bootstrap file is read, and tried on a copy of what the database holds where that answers; it is not applied. */
async function checkBootstrap(terminal: Terminal, path: string, hasDatabase: boolean): Promise<Finding> {
  try {
    const json: unknown = JSON.parse(await readFile(path, 'utf8'));
    const file = hasDatabase
      ? await withCore(terminal, (core) => planBootstrap(core, json))
      : parseBootstrap(json);
    return { subject: 'bootstrap file', ok: true, detail: `${path}, ${file.tenants.length} tenant(s)` };
  } catch (error) {
    return { subject: 'bootstrap file', ok: false, detail: `${path}: ${reasonOf(error)}` };
  }
}

export const checkCommand: Command = {
  name: 'check',
  summary: 'check configuration, database and bootstrap file; changes nothing',
  options: { print: { type: 'boolean', describe: 'print every setting in force, secrets masked' } },
  positionals: [],
  async run({ values, terminal, report }) {
    const config = readConfig(terminal);
    const findings: Finding[] = [{ subject: 'configuration', ok: true, detail: config.environment }];
    const database = await withCore(terminal, (core) => Promise.resolve(core.store.description)).then(
      (detail) => ({ ok: true, detail }),
      (error: unknown) => ({ ok: false, detail: reasonOf(error) }),
    );
    findings.push({ subject: 'database', ...database });
    const { bootstrapFile } = config;
    if (bootstrapFile !== undefined)
      findings.push(await checkBootstrap(terminal, bootstrapFile, database.ok));
    const print = values['print'] === true;
    report(
      { ok: findings.every(({ ok }) => ok), findings, ...(print && { config: printableConfig(config) }) },
      [
        ...findings.map(
          ({ subject, ok, detail }) => `${ok ? 'ok  ' : 'FAIL'} ${subject.padEnd(16)}${detail}`,
        ),
        ...(print ? ['', ...configLines(config)] : []),
      ],
    );
    if (!database.ok) return exitCodes.unavailable;
    return findings.every(({ ok }) => ok) ? exitCodes.ok : exitCodes.config;
  },
};
