import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { ESLint, type Linter } from 'eslint';
import tseslint from 'typescript-eslint';

const beginning = `
type Step<R> = Generator<unknown, R, unknown>;
declare const isWanted: boolean;
declare function step(): Step<number>;
declare function walk(): AsyncGenerator<number>;
declare const roles: { remove(id: string): Step<boolean> };
`;

describe('the lint rule for generators', () => {
  let eslint: ESLint;
  let folder: string;
  before(async () => {
    // Away from the sources: types come from the sample alone.
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-lint-'));
    const file = pathToFileURL(resolve('config/tooling/no-idle-generator.js')).href;
    const { default: gatehouse } = (await import(file)) as { default: ESLint.Plugin };
    const config: Linter.Config = {
      files: ['**/*.ts'],
      plugins: { gatehouse },
      languageOptions: {
        parser: tseslint.parser,
        parserOptions: {
          projectService: { allowDefaultProject: ['*.ts'] },
          tsconfigRootDir: folder,
        },
      },
      rules: { 'gatehouse/no-idle-generator': 'error' },
    };
    eslint = new ESLint({ overrideConfigFile: true, overrideConfig: config, cwd: folder });
  });
  after(() => rm(folder, { recursive: true }));

  async function faults(body: string): Promise<(string | undefined)[]> {
    const text = `${beginning}\nexport function* work(): Step<unknown> {\n${body}\n}\n`;
    const [result] = await eslint.lintText(text, { filePath: join(folder, 'sample.ts') });
    const [parsing] = result!.messages.filter(({ fatal }) => fatal);
    if (parsing) throw new Error(parsing.message);
    return result!.messages.map(({ messageId }) => messageId);
  }

  for (const [body, fault] of Object.entries({
    'step();': 'idle',
    "roles.remove('x');": 'idle',
    'walk();': 'idle',
    'isWanted && step();': 'idle',
    'isWanted ? step() : 1;': 'idle',
    'void step();': 'idle',
    "if (isWanted) roles.remove('x');": 'idle',
    'yield step();': 'star',
    'const found = yield step(); return found;': 'star',
  })) {
    it(`refuses ${body}`, async () => {
      expect(await faults(body)).to.deep.equal([fault]);
    });
  }

  for (const body of [
    'yield* step();',
    "const had = yield* roles.remove('x'); return had;",
    'return yield* step();',
    'const later = step(); return later;',
    'yield 1; yield;',
    'Math.max(1, 2);',
  ]) {
    it(`takes ${body}`, async () => {
      expect(await faults(body)).to.deep.equal([]);
    });
  }
}).timeout(120_000);
