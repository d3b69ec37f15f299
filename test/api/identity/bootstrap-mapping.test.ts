import { expect } from 'chai';
import { applyBootstrap, parseBootstrap } from '../../../src/identity/bootstrap/bootstrap.js';
import { exportBootstrap } from '../../../src/identity/bootstrap/export.js';
import { overriddenBy } from '../../../src/identity/bootstrap/overrides.js';
import { systemActor } from '../../../src/identity/actors.js';
import { updateDirectory } from '../../../src/identity/directories/directories.js';
import { startApp, type TestApp } from '../../support/app.js';

const own = 'urn:gatehouse:params:scim:schemas:extension:tenant:2.0:User';

const fileOf = (attributeMapping: object[]) =>
  parseBootstrap({
    tenants: [
      {
        slug: 'acme',
        name: 'Acme',
        directories: [{ name: 'Okta', attributeMapping }],
        attributes: [{ name: 'badge', type: 'integer' }],
      },
    ],
  });

describe('a bootstrap file with the attribute mapping of a directory', () => {
  let app: TestApp;
  const file = fileOf([
    { to: 'nickName', from: 'title', transform: 'lower' },
    { to: `${own}:badge`, from: ['badgeNumber'], default: 0 },
  ]);
  before(async () => {
    app = await startApp();
    await applyBootstrap(app.core, file);
  });
  after(() => app.stop());

  const stored = async () =>
    (await app.core.store.server.collection('directories').findOne({ name: 'Okta' }))!;

  it('stores it, comes out of an export, and says nothing of it at the next start', async () => {
    const { attributeMapping } = await stored();
    expect(attributeMapping).to.deep.equal([
      { to: 'nickName', from: ['title'], transform: ['lower'] },
      { to: `${own}:badge`, from: ['badgeNumber'], default: 0 },
    ]);
    const exported = await exportBootstrap(app.core, 'acme');
    expect(exported.tenants[0]!.directories![0]!.attributeMapping).to.deep.equal(attributeMapping);
    expect(await applyBootstrap(app.core, file)).to.include({ created: 0, updated: 0 });
    expect(await overriddenBy(app.core, file)).to.deep.equal([]);
  });

  it('leaves a later change alone, and says so', async () => {
    const { tenantId, _id } = await stored();
    await updateDirectory(app.core, systemActor(tenantId), _id, { attributeMapping: [] });
    await applyBootstrap(app.core, file);
    expect((await stored()).attributeMapping ?? []).to.deep.equal([]);
    expect(await overriddenBy(app.core, file)).to.deep.equal(['tenants[0].directories[0].attributeMapping']);
  });

  it('refuses faults with their place', async () => {
    const faulty = fileOf([
      { to: 'title', from: 'x' },
      { to: 'userName', value: 'x' },
    ]);
    const problem = await applyBootstrap(app.core, faulty).catch((error: unknown) => String(error));
    expect(problem).to.include('tenants[0].directories[0].attributeMapping[1].to: userName is not filled');
  });
});
