import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { exitCodes } from '../../../src/cli/command.js';
import { openCore } from '../../../src/main.js';
import { loadConfig } from '../../../src/infrastructure/config.js';
import { createLogger } from '../../../src/infrastructure/logger.js';
import { packageFolder } from '../../../src/infrastructure/package-info.js';
import { authenticateApiKey } from '../../../src/identity/applications/key-authentication.js';
import { authenticateToken } from '../../../src/identity/directories/tokens.js';
import { resealAll } from '../../../src/identity/keys/reseal.js';
import { sealNextRun } from '../../../src/identity/audit/seal.js';
import { listConnections, openClientSecret } from '../../../src/identity/sso/connections.js';
import { findTenantBySlug } from '../../../src/identity/tenants/tenants.js';
import { world } from '../../support/bootstrap.js';
import { ManualClock } from '../../support/clock.js';
import { runLine, type CliOutcome } from '../../support/cli.js';

function acme(): ReturnType<typeof world> {
  const file = world('acme');
  file.tenants[0]!.apiKeys[0]!.key = 'gh_sk_a_key_of_acme_for_the_tests_01';
  return file;
}

const embedded = process.env['MONGODB_URI'] ? describe.skip : describe;

describe('the commands of an operator', function () {
  this.timeout(120_000);
  let folder: string;
  let data: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-operator-'));
    data = join(folder, 'data');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const run = (line: string, env: Record<string, string> = {}, input = ''): Promise<CliOutcome> =>
    runLine(line, { DATA_DIR: data, ...env }, input);
  const importWorld = async (env: Record<string, string> = {}): Promise<void> => {
    const { code, err } = await run('import -', env, JSON.stringify(acme()));
    expect(code, err).to.equal(exitCodes.ok);
  };
  const coreOf = (env: Record<string, string> = {}, clock = new ManualClock('2030-01-01T00:00:00Z')) =>
    openCore(loadConfig({ NODE_ENV: 'test', DATA_DIR: data, ...env }, join(packageFolder, 'config')), {
      log: createLogger('silent'),
      clock,
    });

  embedded('that only look', () => {
    for (const line of ['check', 'check --data', 'export', 'audit verify', 'openapi', 'backup x']) {
      it(`make nothing where there is nothing: ${line}`, async () => {
        await run(line);
        expect(await readdir(folder)).to.deep.equal([]);
      });

      it(`leave a database as it is: ${line}`, async () => {
        await importWorld();
        const before = await readFile(join(data, 'store.mdb'));
        const { code, err } = await run(line.replace(' x', ` ${join(folder, 'copy')}`));
        expect(code, err).to.equal(exitCodes.ok);
        expect((await readFile(join(data, 'store.mdb'))).equals(before)).to.equal(true);
        expect((await readdir(data)).sort()).to.deep.equal(['secret-key', 'store.mdb', 'store.mdb-lock']);
      });
    }

    it('say that the key is missing beside a database, and make no other', async () => {
      await importWorld();
      await rm(join(data, 'secret-key'));
      for (const line of ['check', 'export', 'admin create --email a@b.test']) {
        const { code, out, err } = await run(line);
        expect(code, line).to.equal(exitCodes.config);
        expect(out + err).to.contain('secret-key');
      }
      expect(existsSync(join(data, 'secret-key'))).to.equal(false);
    });

    it('say that the key is not the one the database was made with', async () => {
      await importWorld();
      const { code, out } = await run('check', { SECRET_KEY: 'another-key-that-is-long-enough-000111222' });
      expect(code).to.equal(exitCodes.config);
      expect(out).to.contain('SECRET_KEY');
    });
  });

  embedded('on a damaged database', () => {
    const damages: Record<string, (path: string) => Promise<unknown>> = {
      'cut to half': async (path) => truncate(path, Math.floor((await stat(path)).size / 2)),
      'cut to one page': (path) => truncate(path, 4096),
      'cut by one page': async (path) => truncate(path, (await stat(path)).size - 4096),
      empty: (path) => truncate(path, 0),
      'random bytes': async (path) => writeFile(path, randomBytes((await stat(path)).size)),
      'of text': (path) => writeFile(path, 'not a database'),
      'overwritten at its beginning': async (path) => {
        const bytes = await readFile(path);
        randomBytes(8192).copy(bytes);
        await writeFile(path, bytes);
      },
      'zeroed behind its first page': async (path) => {
        const bytes = await readFile(path);
        await writeFile(path, bytes.fill(0, 4096));
      },
    };
    for (const [what, damage] of Object.entries(damages)) {
      it(`end with 69 and words, every one, when it is ${what}`, async () => {
        await importWorld();
        const path = join(data, 'store.mdb');
        await rm(`${path}-lock`, { force: true });
        await damage(path);
        for (const line of ['check', 'export', 'admin create --email a@b.test', 'audit verify', 'import -']) {
          const { code, out, err } = await run(line, {}, JSON.stringify(acme()));
          expect(code, line).to.equal(exitCodes.unavailable);
          expect(out + err, line)
            .to.contain('store.mdb')
            .and.to.contain('backup');
        }
      });
    }

    for (const [what, format, words] of [
      ['newer', 99, /newer version/i],
      ['older', 0, /gatehouse migrate/],
      ['unknown', 'two', /format "two"/],
    ] as const) {
      it(`end with 78 and words when its format is ${what}, and harm nothing`, async () => {
        await importWorld();
        const root = open({
          path: join(data, 'store.mdb'),
          maxDbs: 5,
          encoding: 'msgpack',
          overlappingSync: false,
        });
        await root.put('format', format);
        await root.close();
        const { code, err } = await run('export');
        expect(code).to.equal(exitCodes.config);
        expect(err).to.match(words);
      });
    }
  });

  embedded('that back up', () => {
    it('write a copy that is whole while others write, with its key, for its owner alone', async () => {
      await importWorld();
      const core = await coreOf();
      const tenant = (await findTenantBySlug(core, 'acme'))!;
      const jobs = core.store.tenant(tenant._id).collection('jobs');
      const writing = Promise.all(
        Array.from({ length: 200 }, (_, i) =>
          jobs.insert({
            _id: `job-${i}`,
            tenantId: tenant._id,
            kind: 'x',
            payload: { text: 'x'.repeat(500) },
            runAt: new Date(0),
            attempts: 0,
            leasedUntil: null,
          }),
        ),
      );
      const copy = join(folder, 'copy');
      const { code, err } = await run(`backup ${copy}`);
      await writing;
      await core.store.close();
      expect(code, err).to.equal(exitCodes.ok);
      for (const file of ['store.mdb', 'secret-key'])
        expect((await stat(join(copy, file))).mode & 0o077).to.equal(0);
      const restored = { DATA_DIR: copy };
      expect((await run('check --data', restored)).code).to.equal(exitCodes.ok);
      expect((await run('export', restored)).json()).to.deep.equal((await run('export')).json());
      expect((await run(`backup ${copy}`)).code).to.equal(exitCodes.failed);
    });
  });

  embedded('when SECRET_KEY changes', () => {
    const old = 'the-old-key-of-this-server-0123456789abcdef';
    const fresh = 'the-new-key-of-this-server-0123456789abcdef';

    it('opens with any of the keys, seals all anew, and does without the old one afterwards', async () => {
      await importWorld({ SECRET_KEY: old });
      let core = await coreOf({ SECRET_KEY: old });
      const { _id } = (await findTenantBySlug(core, 'acme'))!;
      expect(await sealNextRun(core, _id)).to.be.greaterThan(0);
      await core.store.close();
      const head = (
        (await run('audit verify --json', { SECRET_KEY: old })).json()['tenants'] as { head: string }[]
      )[0]!.head;

      const both = { SECRET_KEY: `${fresh},${old}` };
      expect((await run('check', both)).out).to.match(/\d+ documents are sealed under an older key/);
      core = await coreOf(both);
      expect(await resealAll(core)).to.be.greaterThan(0);
      expect(await resealAll(core)).to.equal(0);
      await core.store.close();

      const alone = { SECRET_KEY: fresh };
      expect((await run('check', alone)).code).to.equal(exitCodes.ok);
      expect((await run(`audit verify --head ${head}`, alone)).code).to.equal(exitCodes.ok);
      core = await coreOf(alone);
      const [connection] = await listConnections(core, _id);
      expect(connection && openClientSecret(core, connection)).to.equal('sealed');
      await core.store.close();
      const again = await run('import - --json', alone, JSON.stringify(acme()));
      expect(again.json()).to.include({ created: 0, updated: 0, unchanged: 9 });
      expect((await run('check', { SECRET_KEY: old })).code).to.equal(exitCodes.config);
    });
  });

  embedded('about files', () => {
    it('close a folder that was open to others, and the database in it', async () => {
      await mkdir(data, { mode: 0o755 });
      await chmod(data, 0o755);
      await importWorld();
      for (const path of [
        data,
        join(data, 'store.mdb'),
        join(data, 'store.mdb-lock'),
        join(data, 'secret-key'),
      ]) {
        expect((await stat(path)).mode & 0o077, path).to.equal(0);
      }
    });
  });

  describe('in production', () => {
    const production = { NODE_ENV: 'production', BASE_URL: 'https://id.example.com' };
    it('demand a key of the operator’s own, on either database', async () => {
      for (const env of [{}, { MONGODB_URI: 'mongodb://127.0.0.1:1/x' }]) {
        const { code, err } = await run('check', { ...production, ...env });
        expect(code).to.equal(exitCodes.config);
        expect(err).to.contain('SECRET_KEY');
      }
    });
    for (const value of [
      'change-me-to-32-random-characters-please',
      'REPLACE_ME_with_32_random_bytes_please',
    ]) {
      it(`refuse a key that is an example value: ${value.slice(0, 12)}`, async () => {
        const { code, err } = await run('check', { ...production, SECRET_KEY: value });
        expect(code).to.equal(exitCodes.config);
        expect(err).to.contain('example value');
      });
    }
  });

  embedded('that make API keys', () => {
    it('print a key once, which works at once, and revoke it', async () => {
      await run('admin create --email root@acme.test');
      const created = await run('api-key create --name ci --json');
      expect(created.json()).to.include({ name: 'ci', role: 'administrator', tenant: 'main' });
      const key = String(created.json()['key']);
      const opens = async (): Promise<boolean> => {
        const core = await coreOf();
        const known = await authenticateApiKey(core, key, { requestId: null, ip: null });
        await core.store.close();
        return known?.actor.permissions.has('users.delete') === true;
      };
      expect(await opens()).to.equal(true);
      expect((await run('api-key create --name ci')).code).to.equal(exitCodes.failed);
      expect((await run('api-key create --name x --role nobody')).code).to.equal(exitCodes.failed);
      expect((await run('api-key revoke --name ci')).code).to.equal(exitCodes.ok);
      expect(await opens()).to.equal(false);
      expect((await run('api-key revoke --name ci')).code).to.equal(exitCodes.failed);
    });
  });

  embedded('about tokens and the trail', () => {
    it('refuse a second token of one name, rotate the newest, and revoke by the beginning', async () => {
      const file = acme();
      file.tenants[0]!.directories[0]!.name = 'Okta';
      await run('import -', {}, JSON.stringify(file));
      const line = (rest: string): Promise<CliOutcome> => run(`token ${rest} --directory Okta --json`);
      const tokenOf = (outcome: CliOutcome): string => String(outcome.json()['token']);
      const opens = async (...tokens: string[]): Promise<boolean[]> => {
        const core = await coreOf({}, new ManualClock(new Date().toISOString()));
        const found = await Promise.all(tokens.map((token) => authenticateToken(core, token)));
        await core.store.close();
        return found.map((directory) => directory !== undefined);
      };
      expect((await line('create --name t1')).code).to.equal(exitCodes.failed);
      const given = 'gh_scim_acme_0123456789';
      const first = tokenOf(await line('rotate --name t1 --overlap 0'));
      const second = tokenOf(await line('rotate --name t1 --overlap 3600'));
      expect(await opens(given, first, second)).to.deep.equal([false, true, true]);
      const third = tokenOf(await line('rotate --name t1 --overlap 0'));
      expect(await opens(first, second, third)).to.deep.equal([true, false, true]);
      expect((await line(`revoke --name ${third.slice(0, 12)}`)).code).to.equal(exitCodes.ok);
      expect(await opens(first, second, third)).to.deep.equal([true, false, false]);
    });

    it('verify finds a seal that does not hold: 1 and FAIL', async () => {
      await importWorld();
      const core = await coreOf();
      const { _id } = (await findTenantBySlug(core, 'acme'))!;
      await sealNextRun(core, _id);
      const events = core.store.tenant(_id).collection('audit_events');
      const [event] = await events.find({}, { limit: 1 });
      await events.update(event!._id, (stored) => ({ ...stored, action: 'nothing.happened' }));
      await core.store.close();
      const { code, out } = await run('audit verify');
      expect(code).to.equal(exitCodes.failed);
      expect(out).to.match(/^FAIL acme: seal 1 does not hold/);
    });
  });

  describe('on a wrong command line or configuration', () => {
    it('list the commands of a first word alone, and tell the version', async () => {
      const { code, err } = await run('token');
      expect(code).to.equal(exitCodes.usage);
      expect(err).to.contain('token rotate').and.not.contain('admin create');
      expect((await run('-v')).out).to.match(/^\d+\.\d+\.\d+/);
    });

    it('name an unknown option, and those there are', async () => {
      const { err } = await run('check --nope');
      expect(err).to.contain('there is no option --nope').and.to.contain('--print');
    });

    it('refuse a HOST that is no address with 78', async () => {
      for (const HOST of ['300.1.1.1', '1.2.3', 'a b']) {
        const { code, err } = await run('check', { HOST });
        expect(code, HOST).to.equal(exitCodes.config);
        expect(err).to.contain('HOST');
      }
    });

    it('say with --json what is wrong as a list, with a code', async () => {
      const bad = await run('import - --json', {}, JSON.stringify({ tenants: [{ slug: 'A B', name: 1 }] }));
      expect(bad.json()['problems']).to.have.length(2);
      expect(bad.json()['code']).to.equal('command.data');
      const file = join(folder, 'setup.json');
      await writeFile(file, JSON.stringify({ tenants: [{ slug: 'A B', name: 1 }] }));
      const check = await run('check --json', { BOOTSTRAP_FILE: file });
      expect(check.json()).to.include({ ok: false });
      expect(check.json()['problems']).to.have.length(2);
    });
  });
});
