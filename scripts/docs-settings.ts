// Writes docs/settings.md from the catalogue of tenant settings; with --check it only compares (exit 1 when they differ).
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { presets, settingsCatalogue, type Settings } from '../src/identity/tenants/settings.js';
import { packageFolder } from '../src/infrastructure/package-info.js';

const target = join(packageFolder, 'docs/settings.md');
const names = Object.keys(settingsCatalogue).sort() as (keyof Settings)[];
const [base, ...others] = presets;

const shown = (value: unknown): string => `\`${JSON.stringify(value)}\``;

/** What a setting may be, in the words of its schema. */
function valuesOf(name: keyof Settings): string {
  const {
    type,
    items,
    enum: words,
    minimum,
    maximum,
  } = z.toJSONSchema(settingsCatalogue[name]) as {
    type?: string;
    items?: { enum?: string[] };
    enum?: string[];
    minimum?: number;
    maximum?: number;
  };
  if (words) return words.map((word) => `\`${word}\``).join(', ');
  if (items?.enum) return `a list of ${items.enum.map((word) => `\`${word}\``).join(', ')}`;
  if (type === 'boolean') return 'true, false';
  if (type === 'integer')
    return `${minimum ?? ''} to ${maximum === Number.MAX_SAFE_INTEGER ? 'any' : maximum}`;
  return 'text';
}

function row(name: keyof Settings): string {
  const own = others.map(({ settings }) =>
    settings[name] === base?.settings[name] ? '=' : shown(settings[name]),
  );
  const effect = settingsCatalogue[name].description ?? '';
  return `| \`${name}\` | ${[valuesOf(name), shown(base?.settings[name]), ...own, effect].join(' | ')} |`;
}

/** The page as the catalogue says it. */
export function settingsPage(): string {
  const heads = ['setting', 'values', 'default', ...others.map(({ name }) => name), 'effect'];
  return `# Tenant settings

Every tenant has these settings, by \`GET\` and \`PATCH /api/v1/settings\` (flat, by their names) or \`settings\` in the [bootstrap file](bootstrap.md). A preset is a set of them (\`POST /api/v1/settings/preset\`, \`preset\` in the file), with its
built-in roles. The tenant's own settings override the preset. \`=\` means the default. Durations are whole seconds. Each setting has an effect. Other settings do not exist, and are refused with 400.

| ${heads.join(' | ')} |
|${'---|'.repeat(heads.length)}
${names.map(row).join('\n')}
`;
}

function main(): void {
  if (!process.argv.includes('--check')) writeFileSync(target, settingsPage());
  else if (readFileSync(target, 'utf8') !== settingsPage()) {
    console.error('docs/settings.md is not what the catalogue says: npm run docs:settings');
    process.exit(1);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main();
