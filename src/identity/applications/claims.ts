import type { ApplicationClaim } from '../../persistence/collections/applications.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Attribute, ResourceSchema } from '../../scim/protocol/attribute.js';
import type { AttributePath } from '../../scim/protocol/attribute-path.js';
import { tenantUserUrn } from '../../scim/protocol/urns.js';
import type { InputFault } from '../../shared/errors.js';
import { attributeAt } from '../grants/rule-attributes.js';
import { objectOf } from '../../shared/unknown-value.js';

export type { ApplicationClaim } from '../../persistence/collections/applications.js';

/** Of one application: all of them are in each of its ID tokens. */
const maxClaims = 50;
/** An attribute of a tenant's own, by its schema. */
const tenantPath = new RegExp(`^${tenantUserUrn}:[a-z][\\w-]{0,63}$`, 'i');
const nameShape = /^[\x21-\x7e]{1,200}$/;

/** Names with a meaning of their own: OpenID Connect Core sections 2 and 5.1, RFC 7519, RFC 7662, and what every application gets here. */
const reserved: ReadonlySet<string> = new Set([
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'typ', 'auth_time', 'nonce', 'acr', 'amr', 'azp'],
  ...['at_hash', 'c_hash', 's_hash', 'sid', 'events', 'sub_jwk', 'sub_id', 'cnf', 'act', 'may_act'],
  ...['_claim_names', '_claim_sources', 'scope', 'client_id', 'username', 'active', 'token_type'],
  ...['name', 'given_name', 'family_name', 'middle_name', 'nickname', 'preferred_username', 'profile'],
  ...['picture', 'website', 'email', 'email_verified', 'gender', 'birthdate', 'zoneinfo', 'locale'],
  ...['phone_number', 'phone_number_verified', 'address', 'updated_at'],
  ...[
    'tenant',
    'roles',
    'permissions',
    'constraints',
    'limits',
    'approved',
    'groups',
    'groups_overage',
    'session_expiry',
  ],
]);

function nameFault(claim: string): string | undefined {
  if (reserved.has(claim)) return `the claim ${claim} has a meaning of its own: choose another name`;
  return nameShape.test(claim) && !(claim in {})
    ? undefined
    : 'must be 1 to 200 visible ASCII characters without spaces';
}

/** The part of an attribute that is told: a complex value without a sub-attribute means its `value` (RFC 7643 section 2.4). */
function leafOf({ attribute, sub }: AttributePath): Attribute | undefined {
  const leaf = sub ?? (attribute.type === 'complex' ? attribute.valueSub : attribute);
  return leaf?.returned === 'never' || leaf?.type === 'complex' ? undefined : leaf;
}

function pathFault(schema: ResourceSchema, from: string, ofAnyTenant: boolean): string | undefined {
  if (ofAnyTenant && tenantPath.test(from)) return undefined;
  const found = attributeAt(schema, from);
  if (!found || found.attribute.returned === 'never') return `users have no attribute ${from.slice(0, 200)}`;
  return leafOf(found)
    ? undefined
    : `${from} has parts: name one of them, such as ${from}.${[...found.attribute.subs.values()][0]?.name ?? ''}`;
}

/**
 * What is wrong with an application's claims.
 *
 * @param schema - of the tenant that owns the application.
 * @param ofAnyTenant - the application serves many tenants: each may have an attribute of its own of that name, or none.
 */
export function claimFaults(
  schema: ResourceSchema,
  claims: readonly ApplicationClaim[],
  ofAnyTenant = false,
): InputFault[] {
  const names = claims.map(({ claim }) => claim);
  const faults = claims.flatMap(({ claim, from }, index) => {
    const twice = names.indexOf(claim) < index ? `the claim ${claim} is given twice` : undefined;
    const details = { claim: nameFault(claim) ?? twice, from: pathFault(schema, from, ofAnyTenant) };
    return Object.entries(details).flatMap(([field, detail]) =>
      detail === undefined ? [] : [{ pointer: `/claims/${index}/${field}`, detail }],
    );
  });
  if (claims.length > maxClaims) faults.push({ pointer: '/claims', detail: `at most ${maxClaims} claims` });
  return faults;
}

type Person = Pick<UserDocument, 'attributes' | 'userName' | 'externalId' | 'enabled'>;

/** The value of one element: itself, or the part that is told. */
const partOf = (element: unknown, { attribute, sub }: AttributePath): unknown =>
  attribute.type === 'complex' ? objectOf(element)[(sub ?? attribute.valueSub)?.name ?? ''] : element;

function valueAt(user: Person, path: AttributePath): unknown {
  const { attributes, userName, externalId, enabled } = user;
  const core = { ...attributes, userName, externalId, active: enabled };
  const value = objectOf(path.extension ? attributes[path.extension.alias] : core)[path.attribute.name];
  if (!path.attribute.multiValued) return partOf(value, path);
  const parts = (Array.isArray(value) ? value : []).map((element: unknown) => partOf(element, path));
  const told = parts.filter((part) => part !== undefined && part !== null);
  return told.length === 0 ? undefined : told;
}

/** The claims that an application has configured, of one user: of many values a list; one without a value is left out. */
export function readClaims(
  schema: ResourceSchema,
  claims: readonly ApplicationClaim[],
  user: Person,
): Record<string, unknown> {
  const entries = claims.flatMap(({ claim, from }) => {
    const path = attributeAt(schema, from);
    const value = path && leafOf(path) ? valueAt(user, path) : undefined;
    return value === undefined || value === null ? [] : [[claim, value] as const];
  });
  return Object.fromEntries(entries);
}
