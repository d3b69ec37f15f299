import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { routeTable } from '../../../src/admin/table.js';
import { commands } from '../../../src/cli/commands.js';
import { settingsCatalogue } from '../../../src/identity/tenants/settings.js';
import { loadConfig } from '../../../src/infrastructure/config.js';
import { configSchema } from '../../../src/infrastructure/config-schema.js';
import { packageFolder } from '../../../src/infrastructure/package-info.js';
import { knownRewrites, rewritesOf } from '../../../src/scim/protocol/rewrites/dialects.js';
import { scimTypes } from '../../../src/scim/protocol/scim-error.js';
import { groupSchema } from '../../../src/scim/protocol/schemas/group.js';
import { userSchema } from '../../../src/scim/protocol/schemas/user.js';
import { profileNames } from '../../../src/sim/profiles/profile.js';
import { dialects, type LearnedDialect } from '../../../src/shared/dialects.js';

const docs = join(packageFolder, 'docs');
const read = (name: string): string => readFileSync(join(docs, name), 'utf8');
const guides = readdirSync(join(docs, 'guides')).map((name) => `guides/${name}`);
const pages = ['scim.md', 'scim-deviations.md', ...guides];

/** The cells of the table rows of a part of a page. */
const rowsOf = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('|--'))
    .map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim())); // prettier-ignore
const words = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, word]) => word!);
const section = (text: string, heading: string): string =>
  text.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;

const providers = dialects.filter((name): name is LearnedDialect => name !== 'auto' && name !== 'strict');
/** The dialects that correct a deviation, `all` when it is corrected at every client. */
function correctedBy(name: string): string[] {
  const able = providers.filter((dialect) =>
    Object.values(rewritesOf[dialect])
      .flat()
      .some((rewrite: { name: string }) => rewrite.name === name),
  );
  return able.length === providers.length ? ['all'] : able;
}
const names = knownRewrites.map(({ name }) => name);
const isName = (word: string): boolean => /^[a-z]+(-[a-z]+)+$/.test(word);

describe('docs/scim.md', () => {
  const text = read('scim.md');

  it('lists every deviation once, with the dialects that correct it', () => {
    const listed = rowsOf(section(text, 'Dialects'))
      .slice(1)
      .flatMap(([what = '', where = '']) =>
        words(what.split(':')[0]!.includes('`') ? what : '')
          .filter(isName)
          .map((name) => [name, where.toLowerCase().split(', ').sort().join()]),
      );
    expect(listed.map(([name]) => name).sort()).to.deep.equal([...names].sort());
    for (const [name, where] of listed) expect(where, name).to.equal(correctedBy(name!).sort().join());
  });

  it('states the limits that are in force', () => {
    const config = loadConfig({ NODE_ENV: 'test' }, join(packageFolder, 'config'));
    const stated = rowsOf(section(text, 'Queries'))
      .slice(1)
      .flatMap(([, value = '', settings = '']) => {
        const values = value.split(' / ');
        return words(settings)
          .filter((name) => name.startsWith('limits.'))
          .map((name, at) => [name.slice('limits.'.length), values[at]!] as const);
      });
    expect(stated.map(([name]) => name)).to.include.members([
      'scimBodyBytes',
      'bulkOperations',
      'scimPageMax',
    ]);
    for (const [name, value] of stated) {
      const mebibytes = /^(\d+) MiB$/.exec(value)?.[1];
      const number =
        mebibytes === undefined ? Number(value.replace(',', '')) : Number(mebibytes) * 1024 * 1024;
      expect(config.limits[name as keyof typeof config.limits], name).to.equal(number);
    }
    expect(text).to.contain(`\`scim.requestLogDays\` (${config.scim.requestLogDays})`);
  });

  it('explains every scimType that is answered', () => {
    const sources = readdirSync(join(packageFolder, 'src/scim'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !/scim-error|fix-hints/.test(name))
      .map((name) => readFileSync(join(packageFolder, 'src/scim', name), 'utf8'))
      .join('\n');
    const answered = scimTypes.filter((type) => sources.includes(`'${type}'`));
    const explained = rowsOf(section(text, 'Errors')).flatMap(([what = '']) => words(what));
    expect(explained.filter((word) => word !== 'scimType').sort()).to.deep.equal([...answered].sort());
  });

  it('names every attribute of users and groups, but those the server makes', () => {
    const table = section(text, 'Attributes');
    const made = ['groups', 'members', 'id', 'meta', 'schemas'];
    for (const { name } of [...userSchema.attributes, ...groupSchema.attributes]) {
      if (!made.includes(name)) expect(table, name).to.contain(`\`${name}\``);
    }
  });
});

describe('docs/scim-deviations.md', () => {
  const text = read('scim-deviations.md');

  it('shows every deviation once, under who sends it', () => {
    const shown = (heading: string): string[] =>
      rowsOf(section(text, heading))
        .slice(1)
        .flatMap(([what = '']) => words(what).filter(isName));
    expect(shown('Seen at every client').sort()).to.deep.equal(
      names.filter((name) => correctedBy(name)[0] === 'all').sort(),
    );
    expect(shown('Entra ID').sort()).to.deep.equal(
      names.filter((name) => correctedBy(name).includes('entra')).sort(),
    );
    expect(shown('Okta, OneLogin').sort()).to.deep.equal(
      names.filter((name) => /okta|onelogin/.test(correctedBy(name).join())).sort(),
    );
  });

  it('names every dialect', () => {
    const listed = rowsOf(text.split('\n## ')[0]!).flatMap(([what = '']) => words(what));
    expect(listed.sort()).to.deep.equal([...dialects].sort());
  });
});

describe('docs/demo.md', () => {
  it('names every provider the simulator plays', () => {
    const row = rowsOf(read('demo.md')).find(([option]) => option === '`--profile NAME`');
    expect(words(row?.[1] ?? '').filter((word) => !word.startsWith('aad'))).to.have.members([
      ...profileNames,
    ]);
  });
});

describe('the guides', () => {
  it('are one for each dialect, for authentik and Keycloak, a generic one, one for vendors, and one for webhooks', () => {
    const expected = [...providers, 'authentik', 'keycloak', 'generic', 'saas', 'webhooks'].map(
      (name) => `guides/${name}.md`,
    );
    expect([...guides].sort()).to.deep.equal(expected.sort());
  });

  for (const page of pages) {
    const text = read(page);

    it(`${page} calls the API where it is`, () => {
      const known = routeTable.map(({ path }) => path.replaceAll(/\{\w+\}/g, '*'));
      for (const [, called] of text.matchAll(/\/api\/v1(\/[\w/{}$:.*-]+)/g)) {
        const path = called!
          .replaceAll(/\{[\w]+\}|:\w+|\$\w+/g, '*')
          .replace(/[.:]+$/, '')
          .replace(/\/$/, '');
        expect(known, called).to.include(path);
      }
    });

    // Claims of a token are written in small letters: `limits.products`.
    it(`${page} names commands, options and settings that exist`, () => {
      for (const [, line] of text.matchAll(/npm run (?:--silent )?gatehouse -- ([^`\n]*)/g)) {
        const command = commands
          .filter(({ name }) => line === name || line!.startsWith(`${name} `))
          .sort((left, right) => right.name.length - left.name.length)[0];
        expect(command, line).not.to.equal(undefined);
        for (const [, option] of line!.matchAll(/ --([\w-]+)/g)) {
          expect(Object.keys(command!.options), line).to.include(option);
        }
      }
      const settings = [...Object.keys(settingsCatalogue), ...serverSettings()];
      const groups = new Set(settings.map((name) => name.split('.')[0]!));
      for (const word of words(text)) {
        if (
          /^[a-z]\w+\.[a-z]\w+$/.test(word) &&
          groups.has(word.split('.')[0]!) &&
          !/^(?:groups|roles)\.|^limits\.[a-z_]+$/.test(word)
        ) {
          expect(settings, word).to.include(word);
        }
      }
    });

    it(`${page} links to what is there`, () => {
      for (const [, target] of text.matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
        const [file = '', anchor] = target!.split('#');
        const path = file === '' ? join(docs, page) : join(docs, dirname(page), file);
        expect(existsSync(path), target).to.equal(true);
        if (anchor === undefined) continue;
        const anchors = [...readFileSync(path, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
          heading!.toLowerCase().replaceAll(/[^\w\- ]/g, '').replaceAll(' ', '-'),
        ); // prettier-ignore
        expect(anchors, target).to.include(anchor);
      }
    });
  }
});

/** `limits.scimPageMax` and the like. */
function serverSettings(): string[] {
  const { limits, scim } = configSchema.shape;
  return [
    ...Object.keys(limits.shape).map((name) => `limits.${name}`),
    ...Object.keys(scim.shape).map((name) => `scim.${name}`),
  ];
}
