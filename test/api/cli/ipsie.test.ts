import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitCodes } from '../../../src/cli/command.js';
import { runLine, type CliOutcome } from '../../support/cli.js';
import type { Json } from '../../support/provider.js';
import { givenSigner } from '../../support/scim-oauth.js';

describe('gatehouse check --ipsie', function () {
  let folder: string;
  let jwks: Json;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-ipsie-'));
    jwks = { keys: [(await givenSigner()).jwk] };
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const run = (line: string, input = '', baseUrl = 'https://id.example.com'): Promise<CliOutcome> =>
    runLine(line, { DATA_DIR: folder, BASE_URL: baseUrl }, input);

  /** Changes the tenant to what this file says. */
  async function given(tenant: Json): Promise<void> {
    const roles = [{ key: 'desk', name: 'Desk', permissions: [] }];
    const file = { tenants: [{ slug: 'acme', name: 'Acme', roles, ...tenant }] };
    const { code, err } = await run('import -', JSON.stringify(file));
    expect(code, err).to.equal(exitCodes.ok);
  }
  async function levelOf(name: string): Promise<Json> {
    const { code, json, err } = await run(`check --json --ipsie ${name}`);
    expect(code, err).to.equal(exitCodes.ok);
    return (json()['ipsie'] as Json[])[0]!;
  }

  const connection = { issuer: 'https://idp.example.com', clientId: 'gh' };
  const sessions: [what: string, fields: Json, level: string | null, remedy: RegExp][] = [
    ['a public client', { mode: 'required', isPublic: true }, null, /confidential client/],
    ['no domain', { mode: 'required', clientSecret: 'a secret', hasDomain: false }, null, /verify a domain/],
    ['a mode that leaves a choice', { mode: 'optional', clientSecret: 'a secret' }, null, /required/],
    ['all of it', { mode: 'required', clientSecret: 'a secret' }, 'SL2', /signals/],
  ];
  for (const [index, [what, { hasDomain = true, ...fields }, level, remedy]] of sessions.entries()) {
    it(`says of a connection with ${what}: ${level ?? 'no level'}`, async () => {
      const name = what.replaceAll(' ', '-');
      const domains = hasDomain ? [{ domain: `d${index}.example`, verified: true }] : [];
      await given({ ssoConnections: [{ ...connection, name, key: `login-${index}`, domains, ...fields }] });
      const found = await levelOf(`login-${index}`);
      expect(found).to.include({ tenant: 'acme', kind: 'connection', name, level });
      expect(found['unmet'].remedy).to.match(remedy);
    });
  }

  const byKeys = () => ({ tokens: [], clients: [{ name: 'okta', clientId: 'okta-scim', jwks }] });
  const groupRule = { when: { path: 'groups.displayName', is: 'Desk' }, grant: ['desk'] };
  const roleRule = { when: { path: 'roles.value', is: 'desk' }, grant: ['desk'] };
  const limits = { 'scim.requestsPerSecond': 50 };
  const closed = { ...limits, 'users.adding': 'scim_only' };
  it('says of a directory which level it reaches, and what comes next', async () => {
    const steps: [directory: Json, settings: Json, level: string | null, remedy: RegExp | null][] = [
      [{ tokens: [{ name: 't', token: 'gh_scim_a_token_for_the_tests_000001' }] }, {}, null, /jwks/],
      [{ name: 'Keys', ...byKeys() }, {}, null, /requestsPerSecond/],
      [{ name: 'Keys', ...byKeys() }, { ...limits, 'scim.lockAttributes': false }, null, /lockAttributes/],
      [{ name: 'Keys', ...byKeys() }, { ...limits, 'scim.lockAttributes': true }, 'AL1', /users\.adding/],
      [{ name: 'Keys', ...byKeys() }, closed, 'AL1', /role rule on groups/],
      [{ name: 'Keys', ...byKeys(), roleRules: [groupRule] }, closed, 'AL2', /roles\.value/],
      [{ name: 'Keys', ...byKeys(), roleRules: [groupRule, roleRule] }, closed, 'AL3', null],
      [{ name: 'Keys', ...byKeys(), enabled: false }, closed, null, /enable/],
    ];
    for (const [directory, settings, level, remedy] of steps) {
      const named = { name: 'Static', ...directory };
      await given({ directories: [named], settings });
      const found = await levelOf(named.name);
      expect(found['level'], JSON.stringify([named, found['unmet']])).to.equal(level);
      if (remedy) expect(found['unmet'].remedy).to.match(remedy);
      else expect(found['unmet']).to.equal(null);
    }
  });

  it('wants https, shows everything to people, and refuses what is not there', async () => {
    const plain = await run('check --ipsie Keys', '', 'http://id.example.com');
    expect(plain.out).to.contain('no   AL1  All requests go over https.');
    const all = await run('check --ipsie');
    expect(all.out).to.contain('acme, directory Keys').and.to.contain('acme, connection all-of-it: SL2');
    expect(all.out).to.contain('provider: ');
    expect((await run('check --ipsie nothing')).code).to.equal(exitCodes.failed);
    expect((await run('check Keys')).code).to.equal(exitCodes.usage);
  });
});
