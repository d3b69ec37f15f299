import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { fileFault } from './file-fault.js';
import { type Config, configSchema, environmentNames } from './config-schema.js';

/** All faults of a configuration at once; the process ends with exit code 78 (EX_CONFIG). */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `the configuration has ${problems.length} problem(s):\n${problems.map((line) => `  - ${line}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

function readJson(path: string, problems: string[]): Record<string, unknown> {
  if (!existsSync(path)) return {};
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
    problems.push(`${path}: must hold a JSON object`);
  } catch (error) {
    problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return {};
}

function merge(base: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const result = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const both = [result[key], value].every(
      (side) => typeof side === 'object' && side !== null && !Array.isArray(side),
    );
    result[key] = both
      ? merge(result[key] as Record<string, unknown>, value as Record<string, unknown>)
      : value;
  }
  return result;
}

function readVariable(env: Environment, name: string, problems: string[]): string | undefined {
  const file = env[`${name}_FILE`];
  if (env[name] !== undefined && env[name] !== '') return env[name];
  if (file === undefined || file === '') return undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    problems.push(`${name}_FILE: ${file} ${fileFault(error)}`);
    return undefined;
  }
}

function fromEnvironment(env: Environment, problems: string[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(environmentNames)) {
    const value = readVariable(env, name, problems);
    if (value !== undefined) values[setting] = value;
  }
  return values;
}

/** A fault, listed under the variable that can correct it, or under the files that may contain the setting. */
function problemsOf(issue: z.core.$ZodIssue, folder: string, environment: string): string[] {
  const setting = issue.path.map(String).join('.');
  const entry = Object.entries(environmentNames).find(([, value]) => value === setting);
  const files = ['default', environment]
    .map((name) => join(folder, `${name}.json`))
    .filter((file) => existsSync(file));
  const where = files.join(' or ');
  if (issue.code === 'unrecognized_keys') {
    const above = setting === '' ? '' : `${setting}.`;
    return issue.keys.map((key) => `${where}: there is no setting ${above}${key}`);
  }
  return [`${entry ? entry[0] : `${where}: ${setting}`}: ${issue.message}`];
}

/** Values that stand in documents and examples: everybody knows them. */
const exampleSecret = /change[-_ ]?me|replace[-_ ]?me/i;

/** Required settings in production: a generated value would differ on another machine or after a loss. */
function productionFaults(settings: Record<string, unknown>): string[] {
  const { secretKey, metricsToken, operatorKey } = settings;
  const isExample = (value: unknown): boolean => typeof value === 'string' && exampleSecret.test(value);
  return [
    ...(secretKey ? [] : ['SECRET_KEY: must be set in production: a generated one is for trying out']),
    ...(isExample(secretKey) ? ['SECRET_KEY: is an example value and publicly known'] : []),
    ...(isExample(operatorKey) ? ['OPERATOR_KEY: is an example value and publicly known'] : []),
    ...(isExample(metricsToken) ? ['METRICS_TOKEN: is an example value and publicly known'] : []),
  ];
}

/**
 * Reads the configuration: environment over `config/{NODE_ENV}.json` over `config/default.json`.
 *
 * @param folder - where the `config/` files stand.
 * @throws ConfigError naming every problem, with the variable's name.
 */
export function loadConfig(env: Environment, folder: string): Config {
  const problems: string[] = [];
  const environment = env['NODE_ENV'] ?? 'development';
  const files = ['default', environment].map((name) => readJson(join(folder, `${name}.json`), problems));
  const merged = [...files, fromEnvironment(env, problems), { environment }].reduce<Record<string, unknown>>(
    merge,
    {},
  );
  const parsed = configSchema.safeParse(merged);
  const issues = parsed.error?.issues ?? [];
  problems.push(...issues.flatMap((issue) => problemsOf(issue, folder, environment)));
  if (environment === 'production') problems.push(...productionFaults(merged));
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return Object.freeze({
    ...parsed.data,
    baseUrl: parsed.data.baseUrl ?? `http://localhost:${parsed.data.port}`,
  });
}

/** The configuration for a person to read: secrets masked, passwords in addresses cut. */
export function printableConfig(config: Config): Record<string, unknown> {
  const withoutPassword = (address: string): string => address.replace(/(:\/\/[^:@/]*:)[^@]*@/, '$1***@');
  return {
    ...config,
    ...(config.secretKey !== undefined && { secretKey: '***' }),
    ...(config.operatorKey !== undefined && { operatorKey: '***' }),
    ...(config.metricsToken !== undefined && { metricsToken: '***' }),
    ...(config.eventStreamToken !== undefined && { eventStreamToken: '***' }),
    eventStreams: config.eventStreams.map(withoutPassword),
    ...(config.mongodbUri !== undefined && { mongodbUri: withoutPassword(config.mongodbUri) }),
    ...(config.smtpUrl !== undefined && { smtpUrl: withoutPassword(config.smtpUrl) }),
  };
}
