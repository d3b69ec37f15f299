import supertest from 'supertest';
import { systemActor } from '../../src/identity/actors.js';
import { createOperatorKey } from '../../src/identity/operator/keys.js';
import { operatorTenant } from '../../src/identity/tenants/operator-tenant.js';
import { newId } from '../../src/shared/ids.js';
import type { TestApp } from './app.js';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** The operator of a test's server. */
export interface TestOperator {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  /** A call with the operator's key; `tenant` (slug or id) goes into the header `Gatehouse-Tenant`. */
  call(method: Method, path: string, tenant?: string): supertest.Test;
}

/** Makes an operator key; every call makes another. */
export async function givenOperator(app: TestApp): Promise<TestOperator> {
  const name = `tests ${newId()}`;
  const { document, key } = await createOperatorKey(app.core, systemActor(operatorTenant.id), { name });
  return {
    id: document._id,
    name,
    key,
    call(method, path, tenant) {
      const test = supertest(app.url)[method](`/api/v1${path}`).set('Authorization', `Bearer ${key}`);
      return tenant === undefined ? test : test.set('Gatehouse-Tenant', tenant);
    },
  };
}
