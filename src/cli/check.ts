import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readFile } from 'node:fs/promises';
import { planBootstrap } from '../identity/bootstrap/rehearsal.js';
import { BootstrapError } from '../identity/bootstrap/bootstrap.js';
import type { Core } from '../identity/core.js';
import { countOlderSeals } from '../identity/keys/reseal.js';
import { fileFault } from '../infrastructure/file-fault.js';
import { collectionNames } from '../persistence/collections/index.js';
import { hasEmbedded } from '../persistence/connect.js';
import { ConfigError, printableConfig } from '../infrastructure/config.js';
import { environmentNames, type Config } from '../infrastructure/config-schema.js';
import { AppError } from '../shared/errors.js';
import {
  exitCodes,
  UsageError,
  type Command,
  type ExitCode,
  type OptionValues,
  type Terminal,
} from './command.js';
import { ipsieFindings, ipsieLines } from './ipsie.js';
import { readConfig, withCore, withScratchCore } from './server-core.js';

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
  readonly problems?: readonly string[];
}

const reasonOf = (error: unknown): string => {
  const faults =
    error instanceof AppError ? error.errors.map((fault) => `${fault.pointer}: ${fault.detail}`) : [];
  return [error instanceof Error ? error.message : String(error), ...faults].join('\n    ');
};

/** What a check of the database found. A fault of the key is one of the configuration. */
interface DatabaseLook {
  finding: Finding;
  exitCode: ExitCode;
  isThere: boolean;
}

const older = (count: number): string =>
  count === 0 ? '' : `; ${count} documents are sealed under an older key until the next start`;

/** Opens the database as it is, and its sealed values. A missing database is not created. */
async function checkDatabase(terminal: Terminal, config: Config, isWhole: boolean): Promise<DatabaseLook> {
  const subject = 'database';
  if (config.mongodbUri === undefined && !hasEmbedded(config.dataDir)) {
    const detail = `none yet in ${config.dataDir}: the first start makes it`;
    const fault = folderFault(config.dataDir);
    if (fault === undefined)
      return { finding: { subject, ok: true, detail }, exitCode: exitCodes.ok, isThere: false };
    return {
      finding: { subject, ok: false, detail: fault },
      exitCode: exitCodes.unavailable,
      isThere: false,
    };
  }
  try {
    const detail = await withCore(
      terminal,
      async (core) => {
        const seals = older(await countOlderSeals(core));
        const read = isWhole ? `; ${await readEverything(core)} documents read` : '';
        return `${core.store.description}${seals}${read}`;
      },
      'read',
    );
    return { finding: { subject, ok: true, detail }, exitCode: exitCodes.ok, isThere: true };
  } catch (error) {
    const exitCode = error instanceof ConfigError ? exitCodes.config : exitCodes.unavailable;
    return { finding: { subject, ok: false, detail: reasonOf(error) }, exitCode, isThere: false };
  }
}

/** Why a folder that is not there yet cannot be made; looks at the nearest one above that is there. */
function folderFault(folder: string): string | undefined {
  let above = resolve(folder);
  while (!existsSync(above)) above = dirname(above);
  if (!statSync(above).isDirectory()) return `${above} is not a folder`;
  try {
    accessSync(above, constants.W_OK);
    return undefined;
  } catch {
    return `${above} may not be used by this user`;
  }
}

/** Reads every document of every collection, to find damage of the disk. */
async function readEverything(core: Core): Promise<number> {
  let count = 0;
  for (const name of collectionNames) {
    for await (const document of core.store.server.collection(name).iterate({})) {
      if (typeof document._id !== 'string') throw new Error(`${name} holds something that is no document`);
      count += 1;
    }
  }
  return count;
}

/** The bootstrap file is read, and tried on a copy of what the database holds where that answers; it is not applied. */
async function checkBootstrap(terminal: Terminal, path: string, hasDatabase: boolean): Promise<Finding> {
  const subject = 'bootstrap file';
  try {
    const json: unknown = JSON.parse(await readFile(path, 'utf8'));
    const file = hasDatabase
      ? await withCore(terminal, (core) => planBootstrap(core, json), 'read')
      : await withScratchCore(terminal, (core) => planBootstrap(core, json));
    return { subject, ok: true, detail: `${path}, ${file.tenants.length} tenant(s)` };
  } catch (error) {
    if (error instanceof BootstrapError)
      return { subject, ok: false, detail: reasonOf(error), problems: error.problems };
    const reason =
      error instanceof AppError || error instanceof ConfigError ? reasonOf(error) : fileFault(error);
    return { subject, ok: false, detail: `${path}: ${reason}` };
  }
}

function nameOf(values: OptionValues, [named]: readonly string[]): string | undefined {
  if (named !== undefined && values['ipsie'] !== true) throw new UsageError('a name goes with --ipsie');
  return named;
}

/** The IPSIE levels, where they are asked for. */
function levelsOf(terminal: Terminal, values: OptionValues, named: string | undefined) {
  return values['ipsie'] !== true
    ? undefined
    : withCore(terminal, (core) => ipsieFindings(core, named), 'read');
}

export const checkCommand: Command = {
  name: 'check',
  summary: 'check configuration, database, key, bootstrap file and IPSIE levels; writes nothing',
  options: {
    print: { type: 'boolean', describe: 'print every setting in force, secrets masked' },
    data: { type: 'boolean', describe: 'read every document of the database' },
    ipsie: {
      type: 'boolean',
      describe: 'the OpenID IPSIE levels of connections and directories; NAME: of this one alone',
    },
  },
  positionals: [],
  optional: 'NAME',
  async run({ values, positionals, terminal, report }) {
    const named = nameOf(values, positionals);
    const config = readConfig(terminal);
    const findings: Finding[] = [{ subject: 'configuration', ok: true, detail: config.environment }];
    const { finding, exitCode, isThere } = await checkDatabase(terminal, config, values['data'] === true);
    findings.push(finding);
    const { bootstrapFile } = config;
    if (bootstrapFile !== undefined) findings.push(await checkBootstrap(terminal, bootstrapFile, isThere));
    const ipsie = isThere ? await levelsOf(terminal, values, named) : undefined;
    const ok = findings.every((found) => found.ok);
    const problems = findings.flatMap((found) => (found.ok ? [] : (found.problems ?? [found.detail])));
    const print = values['print'] === true;
    const more = { ...(print && { config: printableConfig(config) }), ...(ipsie && { ipsie }) };
    report({ ok, findings, ...(!ok && { problems }), ...more }, [
      ...findings.map((found) => `${found.ok ? 'ok  ' : 'FAIL'} ${found.subject.padEnd(16)}${found.detail}`),
      ...(print ? ['', ...configLines(config)] : []),
      ...(ipsie ? ipsieLines(ipsie) : []),
    ]);
    if (exitCode !== exitCodes.ok) return exitCode;
    return ok ? exitCodes.ok : exitCodes.config;
  },
};
