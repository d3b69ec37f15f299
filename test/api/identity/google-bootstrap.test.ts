import { expect } from 'chai';
import { exportBootstrap } from '../../../src/identity/bootstrap/export.js';
import { leftOutOf } from '../../../src/identity/bootstrap/left-out.js';
import { applyBootstrap, BootstrapError, parseBootstrap } from '../../../src/identity/bootstrap/bootstrap.js';
import { overriddenBy } from '../../../src/identity/bootstrap/overrides.js';
import { rehearseBootstrap } from '../../../src/identity/bootstrap/rehearsal.js';
import { missingSecrets } from '../../../src/identity/bootstrap/secrets.js';
import { systemActor } from '../../../src/identity/actors.js';
import type { Core } from '../../../src/identity/core.js';
import { findDirectoryByName, updateDirectory } from '../../../src/identity/directories/directories.js';
import { openServiceAccount } from '../../../src/identity/directories/google-source.js';
import { resealAll } from '../../../src/identity/keys/reseal.js';
import { findTenantBySlug } from '../../../src/identity/tenants/tenants.js';
import { createSecretBox } from '../../../src/infrastructure/secret-box.js';
import { makeWorkspace } from '../../../src/sim/google-workspace.js';
import { openTestCore } from '../../support/core.js';

const { serviceAccount } = makeWorkspace('acme.test');

const file = (google: object = {}, more: object = {}) => ({
  tenants: [
    {
      slug: 'acme',
      name: 'Acme',
      directories: [
        {
          name: 'Workspace',
          kind: 'google',
          google: {
            administrator: 'admin@acme.test',
            serviceAccount,
            groups: ['staff@acme.test'],
            ...google,
          },
          ...more,
        },
      ],
    },
  ],
});

describe('a Google directory in a bootstrap file', () => {
  let core: Core;
  beforeEach(async () => {
    core = await openTestCore();
  });
  afterEach(() => core.store.close());

  const apply = (content: object) => applyBootstrap(core, parseBootstrap(content));
  const stored = async () => {
    const tenant = await findTenantBySlug(core, 'acme');
    return (await findDirectoryByName(core, tenant!._id, 'Workspace'))!;
  };

  it('is made with its key sealed and its pull due, and stays as it is with the same file', async () => {
    await rehearseBootstrap(core, parseBootstrap(file()));
    expect(await apply(file())).to.deep.equal({ created: 2, updated: 0, unchanged: 0 });
    const directory = await stored();
    expect(directory).to.deep.include({ kind: 'google', dialect: 'google' });
    expect(openServiceAccount(core, directory.google!)?.privateKey).to.equal(serviceAccount.private_key);
    const jobs = await core.store
      .tenant(directory.tenantId)
      .collection('jobs')
      .find({ kind: 'directory.pull' });
    expect(jobs.map((job) => job.payload)).to.deep.equal([{ directoryId: directory._id }]);
    expect(await apply(file())).to.deep.equal({ created: 0, updated: 0, unchanged: 2 });
    expect((await stored()).version).to.equal(directory.version);
  });

  it('tells what was changed here since, and leaves it', async () => {
    await apply(file());
    const { tenantId, _id } = await stored();
    expect(await overriddenBy(core, parseBootstrap(file()))).to.deep.equal([]);
    await updateDirectory(core, systemActor(tenantId), _id, { google: { groups: [] } });
    expect(await overriddenBy(core, parseBootstrap(file()))).to.deep.equal([
      'tenants[0].directories[0].google',
    ]);
    await apply(file());
    expect((await stored()).google?.groups).to.deep.equal([]);
    await apply(file({ pullMinutes: 5 }));
    expect((await stored()).google).to.deep.include({ groups: [], pullMinutes: 5 });
  });

  it('names what is wrong by its path', async () => {
    for (const [content, path] of [
      [file({ pullMinutes: 1 }), 'google.pullMinutes'],
      [file({ serviceAccount: '{}' }), 'google.serviceAccount'],
      [file({}, { kind: 'scim' }), 'google'],
    ] as const) {
      const refused: unknown = await apply(content).catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(BootstrapError);
      expect((refused as BootstrapError).problems[0]).to.match(
        new RegExp(`^tenants\\[0\\]\\.directories\\[0\\]\\.${path.replace('.', '\\.')}: `),
      );
    }
    await apply(file());
    const kept: unknown = await apply({
      tenants: [{ slug: 'acme', name: 'Acme', directories: [{ name: 'Workspace', kind: 'scim' }] }],
    }).catch((error: unknown) => error);
    expect(String(kept)).to.match(/directories\[0\]\.kind: never changes/);
  });

  it('is exported without its key, which is told, and imported so', async () => {
    await apply(file());
    const exported = await exportBootstrap(core, 'acme');
    expect(JSON.stringify(exported)).not.to.match(/serviceAccount|PRIVATE/);
    expect(exported.tenants[0]?.directories?.[0]?.google).to.deep.equal({
      administrator: 'admin@acme.test',
      groups: ['staff@acme.test'],
      organizationalUnits: [],
      pullMinutes: 15,
      maxLeavingPercent: 20,
    });
    expect(await leftOutOf(core, 'acme')).to.deep.equal([
      'acme: not in the file: 1 service account keys of Google directories: give them in the file, or afterwards',
    ]);
    expect(missingSecrets(exported)).to.deep.equal(['tenants[0].directories[0]']);
    const there = await openTestCore();
    try {
      await applyBootstrap(there, parseBootstrap(exported));
      const tenant = await findTenantBySlug(there, 'acme');
      const directory = await findDirectoryByName(there, tenant!._id, 'Workspace');
      expect(directory?.google?.serviceAccount).to.equal(null);
    } finally {
      await there.store.close();
    }
  });

  it('is sealed anew under a new secret key', async () => {
    await apply(file());
    const old = 'a secret for tests that is long enough';
    const fresh = 'another secret for tests that is long enough';
    await resealAll({ ...core, secretBox: createSecretBox(`${fresh},${old}`) });
    const account = openServiceAccount(
      { ...core, secretBox: createSecretBox(fresh) },
      (await stored()).google!,
    );
    expect(account?.clientEmail).to.equal(serviceAccount.client_email);
  });
});
