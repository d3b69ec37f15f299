import { expect } from 'chai';
import { applyPatch } from '../../src/scim/protocol/patch/apply.js';
import type { PatchOperation } from '../../src/scim/protocol/patch/request.js';
import { parsePatchRequest } from '../../src/scim/protocol/patch/request.js';
import { createSchemaRegistry } from '../../src/scim/protocol/schema-registry.js';
import { ScimError } from '../../src/scim/protocol/scim-error.js';
import { patchOpUrn, userUrn } from '../../src/scim/protocol/urns.js';

/** JSON of any shape, as `JSON.parse` gives it: tests look into it freely. */
export type Json = ReturnType<typeof JSON.parse>;

export interface RawOp {
  op: string;
  path?: string | null;
  value?: unknown;
}

/** `400 invalidPath` for a ScimError, `accepted` for none; anything else that is thrown passes through. */
export function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ScimError) return `${error.status} ${error.scimType ?? ''}`.trim();
    throw error;
  }
  return 'accepted';
}

/** Operations through the request parser. */
export function operationsOf(operations: unknown): PatchOperation[] {
  return parsePatchRequest({ schemas: [patchOpUrn], Operations: operations });
}

export const registry = createSchemaRegistry();

/** A user in canonical form. */
export const ada = {
  schemas: [userUrn],
  id: 'u1',
  userName: 'ada@acme.test',
  active: true,
  name: { givenName: 'Ada', familyName: 'L' },
  emails: [
    { type: 'work', value: 'ada@acme.test', primary: true },
    { type: 'home', value: 'ada@home.test' },
  ],
  groups: [{ value: 'g1' }],
  meta: { resourceType: 'User', version: 'W/"1"' },
};

/** Applies operations to a user, and checks that the input is left as it was. */
export function patchUser(
  operations: RawOp[],
  resource: Record<string, unknown> = ada,
): Record<string, Json> {
  const before = JSON.stringify(resource);
  const result = applyPatch(resource, operationsOf(operations), registry.user);
  expect(JSON.stringify(resource), 'the input stays as it is').to.equal(before);
  return result;
}
