import { activeFor } from '../../identity/users/hold.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { AttributeMap, ResourceSchema, SchemaExtension } from '../protocol/attribute.js';
import { toEntityTag } from '../protocol/etag.js';
import { isJsonObject, type JsonObject } from '../protocol/json-value.js';
import { badRequest } from '../protocol/scim-error.js';
import { tenantAlias } from '../protocol/schemas/tenant-user.js';
import { gatehouseUserUrn, userUrn } from '../protocol/urns.js';
import type { Standing } from '../derived/user-status.js';

/** A group a user is in, as `User.groups` shows it. */
export interface UserGroup {
  readonly id: string;
  readonly displayName: string;
  readonly type: 'direct' | 'indirect';
}

/** What a SCIM write says of a user, in the form the domain takes. */
export interface UserContent {
  userName: string;
  externalId: string | null;
  active: boolean;
  /** Extensions under their alias; see {@link UserDocument.attributes}. */
  attributes: Record<string, unknown>;
  password?: string;
  approved?: boolean;
  loginType?: 'local' | 'sso';
}

/**
 * What the directory sent in Gatehouse's extension, with the present values of what others may have changed since, and the access
 * period. What it never spoke of is not shown: a client that sends back what it read must not fix it.
 */
function gatehouseExtension(user: UserDocument, standing: Standing | undefined): JsonObject | undefined {
  const sent = user.attributes['gatehouse'] as JsonObject | undefined;
  if (sent === undefined && user.accessExpiresAt === null && !standing) return undefined;
  return {
    ...sent,
    ...(sent?.['approved'] !== undefined && { approved: user.approved }),
    ...(sent?.['loginType'] !== undefined && { loginType: user.loginType }),
    ...(user.accessExpiresAt && { accessExpiresAt: user.accessExpiresAt.toISOString() }),
    ...standing,
  };
}

/** `User.groups`. */
export function groupReferences(groups: readonly UserGroup[], baseUrl: string): JsonObject[] {
  return groups.map(({ id, displayName, type }) => ({
    value: id,
    $ref: `${baseUrl}/Groups/${id}`,
    display: displayName,
    type,
  }));
}

/**
 * A stored user as a SCIM User in canonical form.
 *
 * @param groups - undefined: leave `groups` out.
 * @param standing - undefined: leave `status` and `lockedUntil` out.
 */
export function toScimUser(
  user: UserDocument,
  schema: ResourceSchema,
  baseUrl: string,
  groups?: readonly UserGroup[],
  standing?: Standing,
): JsonObject {
  const schemas = [userUrn];
  const resource: Record<string, unknown> = { schemas, id: user._id };
  if (user.externalId !== null) resource['externalId'] = user.externalId;
  resource['userName'] = user.userName;
  for (const name of Object.keys(user.attributes)) {
    if (!isAlias(schema, name)) resource[name] = user.attributes[name];
  }
  resource['active'] = activeFor(user);
  if (groups && groups.length > 0) resource['groups'] = groupReferences(groups, baseUrl);
  for (const extension of schema.extensions) {
    const data = extensionData(user, extension, standing);
    if (data === undefined) continue;
    schemas.push(extension.urn);
    resource[extension.urn] = data;
  }
  resource['meta'] = {
    resourceType: 'User',
    created: user.createdAt.toISOString(),
    lastModified: user.updatedAt.toISOString(),
    location: `${baseUrl}/Users/${user._id}`,
    version: toEntityTag(user.version),
  };
  return resource;
}

/** What a user has of an extension, as answers show it; undefined: nothing. */
function extensionData(
  user: UserDocument,
  { alias, urn, attributes }: SchemaExtension,
  standing: Standing | undefined,
): unknown {
  if (urn === gatehouseUserUrn) return gatehouseExtension(user, standing);
  const data = user.attributes[alias];
  // Values of an attribute that was deleted are there until a job has removed them.
  return alias === tenantAlias ? withKnown(data, attributes) : data;
}

/** The values of attributes that there are; the very same object when all are. */
function withKnown(data: unknown, attributes: AttributeMap): JsonObject | undefined {
  if (!isJsonObject(data)) return undefined;
  const names = Object.keys(data);
  if (names.every((name) => attributes.has(name))) return data;
  const kept = names.filter((name) => attributes.has(name));
  return kept.length === 0 ? undefined : Object.fromEntries(kept.map((name) => [name, data[name]]));
}

function isAlias(schema: ResourceSchema, name: string): boolean {
  if (name === tenantAlias) return true;
  for (const extension of schema.extensions) if (extension.alias === name) return true;
  return false;
}

/** Attributes that have a place of their own in the stored user, or are made when it is read. */
const apart = new Set(['schemas', 'id', 'externalId', 'userName', 'active', 'groups', 'meta', 'password']);

const textOr = <T>(value: unknown, other: T): string | T => (typeof value === 'string' ? value : other);

/** @throws ScimError invalidValue for a way to sign in that there is not. */
function readLoginType(value: unknown): 'local' | 'sso' {
  const known = typeof value === 'string' ? value.toLowerCase() : value;
  if (known === 'local' || known === 'sso') return known;
  throw badRequest('invalidValue', '"loginType" must be "local" or "sso"');
}

/** Reads what Gatehouse keeps beside the attributes out of its extension; what it decides alone is left out. */
function splitGatehouse(data: JsonObject): { own: Partial<UserContent>; rest: Record<string, unknown> } {
  const { status: _status, lockedUntil: _locked, accessExpiresAt: _period, ...rest } = data;
  const { approved, loginType } = rest;
  const own: Partial<UserContent> = {};
  if (typeof approved === 'boolean') own.approved = approved;
  if (loginType !== undefined) own.loginType = readLoginType(loginType);
  return { own, rest };
}

/**
 * A checked SCIM User in the form the domain takes. The opposite of {@link toScimUser}.
 *
 * @throws ScimError invalidValue for a `loginType` there is not.
 * @param resource - canonical form, as `parseResource` and `applyPatch` give it.
 * @param wasActive - what an absent `active` means: true for a new user, else what it was. A client that leaves it out must not revive
 *   a leaver.
 */
export function fromScimUser(resource: JsonObject, schema: ResourceSchema, wasActive = true): UserContent {
  const attributes: Record<string, unknown> = {};
  let own: Partial<UserContent> = {};
  for (const name of Object.keys(resource)) {
    if (apart.has(name)) continue;
    const extension = name.startsWith('urn:') ? schema.extensionsByUrn.get(name.toLowerCase()) : undefined;
    if (!extension) attributes[name] = resource[name];
    else if (extension.urn === gatehouseUserUrn) {
      const split = splitGatehouse(resource[name] as JsonObject);
      own = split.own;
      if (Object.keys(split.rest).length > 0) attributes[extension.alias] = split.rest;
    } else attributes[extension.alias] = resource[name];
  }
  return {
    userName: textOr(resource['userName'], ''),
    externalId: textOr(resource['externalId'], null),
    active: typeof resource['active'] === 'boolean' ? resource['active'] : wasActive,
    attributes,
    ...(typeof resource['password'] === 'string' && { password: resource['password'] }),
    ...own,
  };
}
