// Writes docs/configuration.md from the configuration's schema; with --check it only compares (exit 1 when they differ).
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { loadConfig } from '../src/infrastructure/config.js';
import { configSchema, environmentNames } from '../src/infrastructure/config-schema.js';
import { packageFolder } from '../src/infrastructure/package-info.js';

const target = join(packageFolder, 'docs/configuration.md');
const defaults = loadConfig({}, join(packageFolder, 'config')) as unknown as Record<string, unknown>;
const variables = Object.fromEntries(Object.entries(environmentNames).map(([name, key]) => [key, name]));

function shown(value: unknown): string {
  return value === undefined ? '' : `\`${JSON.stringify(value)}\``;
}

function rows(shape: Record<string, z.ZodType>, values: Record<string, unknown>, path: string): string[] {
  return Object.entries(shape).flatMap(([key, type]) => {
    const inner = type instanceof z.ZodObject ? (type.shape as Record<string, z.ZodType>) : undefined;
    if (inner) return rows(inner, values[key] as Record<string, unknown>, `${path}${key}.`);
    const variable = variables[key] ?? (key === 'environment' ? 'NODE_ENV' : undefined);
    const fallback = key === 'baseUrl' ? undefined : values[key];
    return [
      `| ${variable ? `\`${variable}\`` : ''} | \`${path}${key}\` | ${shown(fallback)} | ${type.description ?? ''} |`,
    ];
  });
}

const text = `# Configuration

The environment wins over \`config/{NODE_ENV}.json\`, which wins over \`config/default.json\`. Every variable may also be given as a file: \`NAME_FILE\` holds the path.
All problems are printed at once and the process ends with exit code 78. \`gatehouse check --print\` shows what is in force, secrets masked.
Tenants have [settings of their own](settings.md), by \`/api/v1/settings\` or the bootstrap file.

| variable | setting | default | meaning |
|---|---|---|---|
${rows(configSchema.shape, defaults, '').join('\n')}
`;

if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  console.error('docs/configuration.md is not what the schema says: npm run docs:config');
  process.exit(1);
}
