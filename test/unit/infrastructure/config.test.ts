import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigError, loadConfig, printableConfig } from '../../../src/infrastructure/config.js';
import { packageFolder } from '../../../src/infrastructure/package-info.js';

const shipped = join(packageFolder, 'config');

function problemsOf(env: Record<string, string>, folder = shipped): readonly string[] {
  try {
    loadConfig(env, folder);
  } catch (error) {
    expect(error).to.be.instanceOf(ConfigError);
    return (error as ConfigError).problems;
  }
  return [];
}

describe('loadConfig', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-config-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('needs no environment at all: port 3000 on loopback, embedded database in ./data', () => {
    const config = loadConfig({}, shipped);
    expect(config).to.include({
      port: 3000,
      host: '127.0.0.1',
      dataDir: './data',
      baseUrl: 'http://localhost:3000',
    });
    expect(config.mongodbUri).to.equal(undefined);
  });

  it('lets the environment win over the file of NODE_ENV, and that over default.json', async () => {
    await writeFile(
      join(folder, 'default.json'),
      JSON.stringify({ ...loadShipped(), port: 1111, logLevel: 'warn' }),
    );
    await writeFile(join(folder, 'staging.json'), JSON.stringify({ port: 2222, host: '0.0.0.0' }));
    const config = loadConfig({ NODE_ENV: 'staging', PORT: '3333' }, folder);
    expect(config).to.include({
      port: 3333,
      host: '0.0.0.0',
      logLevel: 'warn',
      baseUrl: 'http://localhost:3333',
    });
  });

  it('merges nested settings field by field', async () => {
    await writeFile(join(folder, 'default.json'), JSON.stringify(loadShipped()));
    await writeFile(join(folder, 'nested.json'), JSON.stringify({ limits: { bulkOperations: 7 } }));
    const { limits } = loadConfig({ NODE_ENV: 'nested' }, folder);
    expect(limits.bulkOperations).to.equal(7);
    expect(limits.scimPageMax).to.equal(1000);
  });

  it('prints every problem at once, each with its variable', () => {
    const problems = problemsOf({
      PORT: 'many',
      MONGODB_URI: 'postgres://x',
      SECRET_KEY: 'short',
      LOG_LEVEL: 'loud',
    });
    expect(problems.map((line) => line.split(':')[0])).to.have.members([
      'PORT',
      'MONGODB_URI',
      'SECRET_KEY',
      'LOG_LEVEL',
    ]);
  });

  it('says what each variable has to be', () => {
    const wrong = {
      PORT: '70000',
      BASE_URL: 'id.example.com',
      SMTP_URL: 'http://mail.example.com',
      ALLOW_PRIVATE_ISSUERS: 'maybe',
      METRICS_TOKEN: 'short',
      DRAIN_SECONDS: 'long',
      LOG_LEVEL: 'loud',
    };
    const problems = problemsOf(wrong);
    expect(problems.map((line) => line.split(':')[0])).to.have.members(Object.keys(wrong));
    for (const problem of problems) expect(problem).to.match(/^[A-Z_]+: must be /);
  });

  it('takes proxies as a number, addresses, ranges and well-known words, and nothing else', () => {
    for (const proxies of ['1', 'loopback', '10.0.0.0/8, ::1', 'fd00::/8,192.0.2.7']) {
      expect(problemsOf({ TRUST_PROXY: proxies }), proxies).to.deep.equal([]);
    }
    for (const proxies of ['true', 'nonsense', '-1', '10.0.0.0/33', '10.0.0.0/', '::1,', '300.0.0.1']) {
      expect(problemsOf({ TRUST_PROXY: proxies })[0], proxies).to.match(/^TRUST_PROXY: must be /);
    }
  });

  it('reads any variable from the file NAME_FILE points to, and says so when it cannot', async () => {
    const file = join(folder, 'key');
    await writeFile(file, 'a secret of more than thirty-two bytes\n');
    expect(loadConfig({ SECRET_KEY_FILE: file }, shipped).secretKey).to.equal(
      'a secret of more than thirty-two bytes',
    );
    expect(problemsOf({ SECRET_KEY_FILE: join(folder, 'none') })[0]).to.match(
      /^SECRET_KEY_FILE: .* is not there$/,
    );
  });

  it('names a broken config file and an unknown setting', async () => {
    await writeFile(join(folder, 'default.json'), '{ not json');
    expect(problemsOf({}, folder).join()).to.include('default.json');
    await writeFile(join(folder, 'default.json'), JSON.stringify({ ...loadShipped(), prot: 1 }));
    expect(problemsOf({}, folder).join()).to.match(/prot/);
    await writeFile(join(folder, 'default.json'), '[]');
    expect(problemsOf({}, folder).join()).to.include('must hold a JSON object');
  });

  it('refuses MongoDB in production without a SECRET_KEY that all processes share', () => {
    const env = { NODE_ENV: 'production', MONGODB_URI: 'mongodb://db' };
    expect(problemsOf(env).join()).to.include('SECRET_KEY');
    expect(problemsOf({ ...env, SECRET_KEY: 'x'.repeat(32) })).to.deep.equal([]);
    const all = problemsOf({ ...env, PORT: 'x', SMTP_URL_FILE: '/there/is/no/such/file' });
    expect(all.map((line) => line.split(':')[0])).to.have.members(['PORT', 'SMTP_URL_FILE', 'SECRET_KEY']);
  });

  it('keeps BASE_URL without its trailing slash', () => {
    expect(loadConfig({ BASE_URL: 'https://id.example.com/' }, shipped).baseUrl).to.equal(
      'https://id.example.com',
    );
  });
});

describe('printableConfig', () => {
  it('masks secrets and the password of a database address, and shows the rest', () => {
    const config = loadConfig(
      {
        SECRET_KEY: 'k'.repeat(40),
        METRICS_TOKEN: 'm'.repeat(20),
        MONGODB_URI: 'mongodb://app:hunter2@db:27017/x',
        SMTP_URL: 'smtp://me:pass@mail:25',
      },
      shipped,
    );
    const text = JSON.stringify(printableConfig(config));
    expect(text).to.not.match(/kkkk|mmmm|hunter2|pass@/);
    expect(text).to.include('mongodb://app:***@db:27017/x').and.include('"port":3000');
  });
});

function loadShipped(): object {
  const { environment: _environment, baseUrl: _baseUrl, ...rest } = loadConfig({}, shipped);
  return rest;
}
