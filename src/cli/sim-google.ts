import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import express, { type Router } from 'express';
import { systemClock } from '../shared/clock.js';
import { googlePath } from '../sim/company-app.js';
import { mirrorCompany } from '../sim/company-workspace.js';
import type { Company } from '../sim/company.js';
import { googleApi } from '../sim/google-api.js';
import { makeWorkspace } from '../sim/google-workspace.js';
import type { PullTarget } from '../sim/pull-scenario.js';
import { textOf, UsageError, type OptionDefinition, type OptionValues, type Terminal } from './command.js';

/** What `sim run` needs for a directory that pulls. */
export const pullOptions: Readonly<Record<string, OptionDefinition>> = {
  directory: {
    type: 'string',
    value: 'ID',
    describe: 'a directory that pulls from the company (kind google): the scenario is pulled, not pushed',
  },
  'api-key': { type: 'string', value: 'KEY', describe: 'of the admin API, to ask for pulls' },
};

/** The directory that is to pull; undefined for a scenario that pushes. */
export function pullTargetOf(values: OptionValues): PullTarget | undefined {
  const directoryId = textOf(values, 'directory');
  const apiKey = textOf(values, 'api-key');
  if (directoryId === undefined) return undefined;
  if (apiKey === undefined || textOf(values, 'company') === undefined)
    throw new UsageError('--directory: give --api-key and --company too');
  const serverUrl = (textOf(values, 'server') ?? 'http://localhost:3000').replace(/\/$/, '');
  return { serverUrl, apiKey, directoryId };
}

/** A simulated company's Google side, and what a directory is given to pull from it. */
export interface SimulatedGoogle {
  router: Router;
  facts: {
    apiUrl: string;
    administrator: string;
    /** Where the service account's key is written. */
    keyFile: string;
  };
  /** The facts for people. */
  lines: string[];
}

/** Plays Google's Directory API for a company; its service account is new with each start. */
export async function simulateGoogle(
  company: Company,
  url: string,
  values: OptionValues,
  env: Terminal['env'],
): Promise<SimulatedGoogle> {
  const workspace = makeWorkspace(company.domain);
  const folder = join(env['DATA_DIR'] ?? './data', 'sim');
  const keyFile = textOf(values, 'key-file') ?? join(folder, 'google-service-account.json');
  await mkdir(dirname(keyFile), { recursive: true, mode: 0o700 });
  await writeFile(keyFile, `${JSON.stringify(workspace.serviceAccount, null, 2)}\n`, { mode: 0o600 });
  const router = express.Router();
  router.use((_req, _res, next) => {
    mirrorCompany(workspace, company);
    next();
  });
  router.use(googleApi(workspace, systemClock));
  const { administrator } = workspace;
  const apiUrl = `${url}${googlePath}`;
  const line = `  Directory API  ${apiUrl}, administrator ${administrator}, service account ${keyFile}`;
  return { router, facts: { apiUrl, administrator, keyFile }, lines: [line] };
}
