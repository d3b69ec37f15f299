import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCodes } from '../../../src/cli/command.js';
import { runCli } from '../../../src/cli/main.js';
import { createLogger } from '../../../src/infrastructure/logger.js';
import { openStore } from '../../../src/persistence/connect.js';
import type { Store } from '../../../src/persistence/store.js';
import { systemClock } from '../../../src/shared/clock.js';

interface Outcome {
  code: number;
  out: string;
  err: string;
  /** What `--json` printed. */
  json: () => Record<string, unknown>;
}

describe('the gatehouse command', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-cli-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function run(
    line: string,
    options: { input?: string; env?: Record<string, string> } = {},
  ): Promise<Outcome> {
    const out: string[] = [];
    const err: string[] = [];
    const code = await runCli(line.split(' ').filter(Boolean), {
      env: { NODE_ENV: 'test', DATA_DIR: join(folder, 'data'), ...options.env },
      out: (text) => out.push(text),
      err: (text) => err.push(text),
      readInput: () => Promise.resolve(options.input ?? ''),
    });
    return {
      code,
      out: out.join('\n'),
      err: err.join('\n'),
      json: () => JSON.parse(out.join('\n')) as Record<string, unknown>,
    };
  }

  const file = {
    tenants: [
      {
        slug: 'acme',
        name: 'Acme',
        settings: { 'lockout.lockSeconds': 60 },
        roles: [{ key: 'support', name: 'Support', permissions: ['users.read'] }],
        applications: [
          {
            key: 'crm',
            name: 'CRM',
            clientId: 'crm',
            clientSecret: 'a secret of the crm',
            redirectUris: ['http://localhost:4000/cb'],
            roles: [{ key: 'agent', name: 'Agent', permissions: ['calls.read'] }],
          },
        ],
        users: [
          { email: 'ada@acme.test', givenName: 'Ada', password: 'a long enough one', roles: ['crm:agent'] },
        ],
        apiKeys: [{ name: 'ci', key: 'gh_sk_0123456789abcdef0123', role: 'administrator' }],
        directories: [
          {
            name: 'Okta',
            tokens: [{ name: 't1', token: 'gh_scim_0123456789abcdef' }],
            roleRules: [{ when: { path: 'groups.displayName', is: 'Eng' }, grant: ['crm:agent'] }],
          },
        ],
        ssoConnections: [
          {
            name: 'Okta',
            issuer: 'https://acme.okta.com',
            clientId: 'gh',
            clientSecret: 'secret of okta',
            domains: [{ domain: 'acme.com', verified: true }],
            mode: 'required',
          },
        ],
      },
    ],
  };

  async function importFile(content: unknown = file): Promise<Outcome> {
    const path = join(folder, 'bootstrap.json');
    await writeFile(path, JSON.stringify(content));
    return run(`import ${path} --json`);
  }

  /** Looks into the database between two commands. */
  async function inStore<R>(work: (store: Store) => Promise<R>): Promise<R> {
    const log = createLogger('silent');
    const dataDir = join(folder, 'data');
    const store = await openStore({ mongodbUri: undefined, dataDir, clock: systemClock, log });
    return work(store).finally(() => store.close());
  }

  describe('the command line', () => {
    it('prints an overview and answers 64 without a command, or for an unknown one', async () => {
      expect(await run('')).to.deep.include({ code: exitCodes.usage });
      expect((await run('--help')).out).to.contain('admin create');
      expect(await run('frobnicate')).to.include({ code: exitCodes.usage });
    });

    it('answers 64 for unknown options, missing ones and superfluous words', async () => {
      for (const line of ['check --frob', 'token create --name x', 'check now', 'import']) {
        const { code, err } = await run(line);
        expect(code, line).to.equal(exitCodes.usage);
        expect(err, line).to.contain('--help');
      }
    });

    it('prints every command’s options with --help', async () => {
      const { code, out } = await run('admin create --help');
      expect(code).to.equal(exitCodes.ok);
      expect(out).to.contain('--email ADDRESS').and.to.contain('(required)').and.to.contain('--json');
    });
  });

  describe('check', () => {
    it('answers 78 and names every problem of the configuration', async () => {
      const { code, err } = await run('check', { env: { PORT: 'x', LOG_LEVEL: 'loud' } });
      expect(code).to.equal(exitCodes.config);
      expect(err).to.contain('PORT:').and.to.contain('LOG_LEVEL:');
    });

    it('prints the settings in force with secrets masked', async () => {
      const secret = 'x'.repeat(40);
      const { code, out } = await run('check --print', { env: { SECRET_KEY: secret, PORT: '4123' } });
      expect(code).to.equal(exitCodes.ok);
      expect(out)
        .to.match(/PORT +4123/)
        .and.to.match(/SECRET_KEY +\*\*\*/);
      expect(out).to.not.contain(secret);
    });

    it('answers 78 for a bootstrap file with faults, by their JSON paths', async () => {
      const path = join(folder, 'bad.json');
      await writeFile(path, JSON.stringify({ tenants: [{ slug: 'A B', name: 'x', users: [{ mail: 1 }] }] }));
      const { code, out } = await run('check', { env: { BOOTSTRAP_FILE: path } });
      expect(code).to.equal(exitCodes.config);
      expect(out).to.contain('tenants[0].slug').and.to.contain('tenants[0].users[0].mail');
    });

    it('answers 78 for what only applying the bootstrap file would meet, and applies nothing', async () => {
      const path = join(folder, 'refused.json');
      const user = { email: 'ada@acme.test', roles: ['captain'] };
      await writeFile(path, JSON.stringify({ tenants: [{ slug: 'refused', name: 'x', users: [user] }] }));
      const { code, out } = await run('check', { env: { BOOTSTRAP_FILE: path } });
      expect(code).to.equal(exitCodes.config);
      expect(out).to.contain('tenants[0].users[0].roles[0]: there is no role captain');
      const imported = await run(`import ${path}`);
      expect(imported.code).to.equal(exitCodes.data);
      expect((await run('export')).out).not.to.contain('refused');
    });

    it('answers 69 when the database cannot be opened, as every command does', async () => {
      const env = { DATA_DIR: '/dev/null/data' };
      const { code, json } = await run('check --json', { env });
      expect(code).to.equal(exitCodes.unavailable);
      expect(json()).to.include({ ok: false });
      const created = await run('admin create --email a@acme.test', { env });
      expect(created.code).to.equal(exitCodes.unavailable);
      expect(created.err).to.contain('is not a folder');
    });
  });

  describe('import and export', () => {
    it('applies a file once and changes nothing the second time', async () => {
      expect((await importFile()).json()).to.include({ updated: 0, unchanged: 0 });
      expect((await importFile()).json()).to.include({ created: 0, updated: 0 });
    });

    it('exports what was imported, without any secret, in a form that can be imported elsewhere', async () => {
      await importFile();
      const { out, json } = await run('export');
      for (const secret of [
        'a secret of the crm',
        'a long enough one',
        'gh_sk_',
        'gh_scim_',
        'secret of okta',
      ]) {
        expect(out).to.not.contain(secret);
      }
      const [acme] = json()['tenants'] as Record<string, unknown>[];
      expect(acme).to.deep.include({ slug: 'acme', settings: { 'lockout.lockSeconds': 60 } });
      expect(acme?.['users']).to.deep.equal([
        { email: 'ada@acme.test', givenName: 'Ada', roles: ['crm:agent'], enabled: true, loginType: 'local' },
      ]);
      const elsewhere = { DATA_DIR: join(folder, 'elsewhere') };
      const imported = await run('import - --json', { input: out, env: elsewhere });
      expect(imported.code, imported.out + imported.err).to.equal(exitCodes.ok);
      // A connection's secret cannot be made up: there it has none until somebody gives it.
      const expected = json();
      Reflect.deleteProperty((acme?.['ssoConnections'] as object[])[0] ?? {}, 'isPublic');
      expected['tenants'] = [acme];
      expect((await run('export', { env: elsewhere })).json()).to.deep.equal(expected);
    });

    it('answers 65 for a file with faults, 66 for one that is not there', async () => {
      const bad = await importFile({ tenants: [{ slug: 'x', name: 'X', users: [{ email: 'no address' }] }] });
      expect(bad.code).to.equal(exitCodes.data);
      expect(bad.out).to.contain('tenants[0].users[0]');
      expect(await run('import /nowhere.json')).to.include({ code: exitCodes.noInput });
      expect(await run('import -', { input: '{' })).to.include({ code: exitCodes.data });
    });
  });

  describe('admin', () => {
    it('creates the first tenant and its administrator with a password that is told once', async () => {
      const { code, json } = await run('admin create --email root@acme.test --json');
      expect(code).to.equal(exitCodes.ok);
      expect(json()).to.include({ email: 'root@acme.test', tenant: 'main' });
      expect(json()['password']).to.have.length.of.at.least(20);
      expect((await run('admin create --email root@acme.test')).code).to.equal(exitCodes.failed);
    });

    it('makes no tenant of a slug that no address can hold', async () => {
      for (const slug of ['Acme', 'acme_corp', 'acme-', 'a/b', 'ä', 'x'.repeat(64)]) {
        const { code, err } = await run(`admin create --email a@b.test --tenant ${slug}`);
        expect(code, slug).to.equal(exitCodes.usage);
        expect(err, slug).to.contain('--tenant must be lower-case letters');
      }
      expect((await run('admin create --email root@acme.test --tenant acme --json')).json()).to.include({
        tenant: 'acme',
      });
    });

    it('refuses a weak password with 65', async () => {
      const { code, err } = await run('admin create --email a@b.test --password-stdin', { input: 'short\n' });
      expect(code).to.equal(exitCodes.data);
      expect(err).to.contain('at least 12 characters');
    });

    it('recovers a user who is locked out, whatever the tenant says of unlocking', async () => {
      await importFile({
        tenants: [
          {
            ...file.tenants[0],
            settings: { 'lockout.adminUnlock': false },
            users: [{ email: 'ada@acme.test', password: 'correct horse battery' }],
          },
        ],
      });
      const lockedUntil = new Date(Date.now() + 3_600_000);
      const locks = await inStore(async (store) => {
        const credentials = store.server.collection('credentials');
        const [credential] = await credentials.find({});
        await credentials.update(credential!._id, (stored) => ({ ...stored, lockedUntil }));
        return credential!._id;
      });
      const recover = 'admin recover --email ada@acme.test --password-stdin';
      expect((await run(recover, { input: 'correct horse battery' })).code).to.equal(exitCodes.ok);
      await inStore(async (store) => {
        expect((await store.server.collection('credentials').get(locks))?.lockedUntil).to.equal(null);
        const unlocked = await store.server.collection('audit_events').find({ action: 'user.unlocked' });
        expect(unlocked.map(({ target }) => target?.id)).to.deep.equal([locks]);
      });
    });

    it('recovers a user who was disabled: enabled, an administrator, with a new password', async () => {
      await importFile({
        tenants: [{ ...file.tenants[0], users: [{ email: 'ada@acme.test', enabled: false }] }],
      });
      const { code } = await run('admin recover --email ada@acme.test --password-stdin', {
        input: 'correct horse battery',
      });
      expect(code).to.equal(exitCodes.ok);
      const [acme] = (await run('export')).json()['tenants'] as { users: unknown[] }[];
      expect(acme?.users[0]).to.deep.include({ roles: ['administrator'], enabled: true });
      expect((await run('admin recover --email nobody@acme.test')).code).to.equal(exitCodes.failed);
    });
  });

  it('creates, rotates and revokes tokens of a directory', async () => {
    await importFile();
    const created = await run('token create --directory Okta --name t2 --json');
    expect(created.json()['token']).to.match(/^gh_scim_/);
    expect((await run('token create --directory Okta --name t3')).code).to.equal(exitCodes.failed);
    expect((await run('token revoke --directory Okta --name t1')).code).to.equal(exitCodes.ok);
    const rotated = await run('token rotate --directory Okta --name t2 --overlap 60 --json');
    expect(rotated.json()['token']).to.match(/^gh_scim_/);
    expect((await run('token revoke --directory Okta --name nothing')).code).to.equal(exitCodes.failed);
    expect((await run('token create --directory Entra --name x')).code).to.equal(exitCodes.failed);
  });

  it('verifies an audit trail that nothing has sealed yet', async () => {
    await importFile();
    const { code, json } = await run('audit verify --json');
    expect(code).to.equal(exitCodes.ok);
    expect(json()).to.nested.include({ ok: true, 'tenants[0].tenant': 'acme', 'tenants[0].seals': 0 });
  });

  it('prints the OpenAPI document', async () => {
    const { json } = await run('openapi');
    expect(json()['openapi']).to.equal('3.1.0');
  });

  it('plan says what import would do, and import holds to a plan', async () => {
    const input = JSON.stringify(file);
    const empty = await run('plan - --json', { input });
    expect(empty.code, empty.err).to.equal(exitCodes.ok);
    const planned = empty.json() as { plan: string; entries: object; tenants: { summary: string[] }[] };
    expect(planned.tenants[0]!.summary).to.include('1 user is added');
    expect((await run('export --json')).code).to.equal(exitCodes.unavailable);
    const applied = await run(`import - --plan ${planned.plan} --json`, { input });
    expect(applied.code, applied.out).to.equal(exitCodes.ok);
    expect(applied.json()).to.deep.include(planned.entries);
    const again = await run('plan -', { input });
    expect(again.out).to.match(/^entries: 0 to create, 0 to update, \d+ unchanged\nplan \S+$/);
    const stale = await run(`import - --plan ${planned.plan} --json`, { input });
    expect(stale.code).to.equal(exitCodes.failed);
    expect(stale.json()).to.include({ code: 'plan.stale' });
    const faulty = await run('plan -', { input: JSON.stringify({ tenants: [{ slug: 'A b' }] }) });
    expect(faulty.code).to.equal(exitCodes.data);
  });
});
