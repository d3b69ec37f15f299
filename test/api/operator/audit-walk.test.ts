import { expect } from 'chai';
import type { Core } from '../../../src/identity/core.js';
import { operatorTenant } from '../../../src/identity/tenants/operator-tenant.js';
import { newId } from '../../../src/shared/ids.js';
import { startApp, type TestApp } from '../../support/app.js';
import { givenOperator, type TestOperator } from '../../support/operator.js';
import { routesOfOperators, type RouteOfOperators } from '../../support/routes-of-operators.js';

interface Told {
  action: string;
  /** In whose trail. */
  tenantId: string;
}

describe('every change by the operator leaves its event, with who did it and to which tenant', () => {
  let app: TestApp;
  let operator: TestOperator;
  before(async () => {
    app = await startApp();
    operator = await givenOperator(app);
  });
  after(() => app.stop());

  async function given(): Promise<{ id: string; slug: string }> {
    const slug = `w${newId().replaceAll('-', '')}`;
    const { body } = await operator.call('post', '/tenants').send({ slug, name: 'Acme' }).expect(201);
    return body as { id: string; slug: string };
  }

  const cases: Readonly<Record<RouteOfOperators, () => Promise<Told>>> = {
    'POST /tenants': async () => ({ action: 'tenant.created', tenantId: (await given()).id }),
    'PATCH /tenants/{id}': async () => {
      const { id } = await given();
      await operator.call('patch', `/tenants/${id}`).send({ name: 'Other' }).expect(200);
      return { action: 'settings.changed', tenantId: id };
    },
    'PATCH /tenants/{id}/features': async () => {
      const { id } = await given();
      await operator.call('patch', `/tenants/${id}/features`).send({ smartRules: true }).expect(200);
      return { action: 'settings.changed', tenantId: id };
    },
    'DELETE /tenants/{id}': async () => {
      const { id, slug } = await given();
      await operator.call('delete', `/tenants/${id}?confirm=${slug}`).expect(202);
      return { action: 'tenant.erasure_requested', tenantId: operatorTenant.id };
    },
    'POST /tenants/{id}/suspend': async () => {
      const { id } = await given();
      await operator.call('post', `/tenants/${id}/suspend`).expect(200);
      return { action: 'tenant.suspended', tenantId: id };
    },
    'POST /tenants/{id}/resume': async () => {
      const { id } = await given();
      await operator.call('post', `/tenants/${id}/suspend`).expect(200);
      await operator.call('post', `/tenants/${id}/resume`).expect(200);
      return { action: 'tenant.resumed', tenantId: id };
    },
    'POST /operator-keys': async () => {
      await operator.call('post', '/operator-keys').send({ name: newId() }).expect(201);
      return { action: 'operator_key.created', tenantId: operatorTenant.id };
    },
    'DELETE /operator-keys/{id}': async () => {
      const { body } = await operator.call('post', '/operator-keys').send({ name: newId() }).expect(201);
      await operator.call('delete', `/operator-keys/${(body as { id: string }).id}`).expect(204);
      return { action: 'operator_key.revoked', tenantId: operatorTenant.id };
    },
  };

  const newest = async (core: Core, { action, tenantId }: Told) =>
    core.store
      .tenant(tenantId)
      .collection('audit_events')
      .findOne({ action }, { sort: { _id: -1 } });

  for (const route of routesOfOperators) {
    it(route, async () => {
      const event = await newest(app.core, await cases[route]());
      expect(event?.actor).to.deep.equal({ type: 'operator', id: operator.id, label: operator.name });
      expect(event?.target?.type).to.equal(route.includes('/operator-keys') ? 'operator_key' : 'tenant');
      expect(event?.result).to.equal('success');
    });
  }
});
