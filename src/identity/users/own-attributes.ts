import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { UserDocument } from '../../persistence/collections/users.js';
import { findAttribute, type Attribute } from '../../scim/protocol/attribute.js';
import { readValue } from '../../scim/protocol/attribute-value.js';
import { parseInstant } from '../../scim/protocol/date-time.js';
import { tenantAlias } from '../../scim/protocol/schemas/tenant-user.js';
import { ScimError } from '../../scim/protocol/scim-error.js';
import { AppError, type ConflictParty, type InputFault } from '../../shared/errors.js';
import { fold } from '../../shared/fold.js';
import { nearest } from '../../shared/nearest.js';
import type { Core } from '../core.js';
import type { Clash } from '../duplicates.js';
import type { TenantConfig, UserAttribute } from '../tenants/config.js';
import { userSchemaOf } from '../tenants/schemas.js';
import { objectOf } from '../../shared/unknown-value.js';

type Values = Readonly<Record<string, unknown>>;
type Attributes = Record<string, unknown>;
type Config = Pick<TenantConfig, 'attributes'>;

/** What a user has of the tenant's own attributes; without those that were deleted. */
export function ownValues({ attributes }: { attributes: Attributes }, config: Config): Values {
  const stored = objectOf(attributes[tenantAlias]);
  const there = config.attributes.filter(({ name }) => Object.hasOwn(stored, name));
  return Object.fromEntries(there.map(({ name }) => [name, stored[name]]));
}

function withValues(attributes: Attributes, values: Values): Attributes {
  const { [tenantAlias]: before, ...rest } = attributes;
  if (Object.keys(values).length === 0) return before === undefined ? attributes : rest;
  return isDeepStrictEqual(before, values) ? attributes : { ...attributes, [tenantAlias]: values };
}

const pointerTo = (name: string): string => `/attributes/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

function unknownName(name: string, { attributes }: Config): InputFault {
  const names = attributes.map((attribute) => attribute.name);
  const near = nearest(name, names);
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  return { pointer: pointerTo(name), detail: `the tenant has no attribute ${name.slice(0, 100)}${hint}` };
}

/** A reference is an absolute URI (RFC 7643 section 2.3.7); the SCIM engine takes any text, as providers send it. */
function valueFault(attribute: Attribute, value: unknown): string | undefined {
  if (attribute.type !== 'reference') return undefined;
  const isUri = [value]
    .flat()
    .every((one) => typeof one === 'string' && !/\s/.test(one) && URL.canParse(one));
  return isUri ? undefined : `"${attribute.path}" must be an absolute URI`;
}

/** @returns the value in canonical form, undefined for none. @throws ScimError invalidValue. */
function readOwn(attribute: Attribute, value: unknown): unknown {
  const read = readValue(attribute, value);
  const fault = read === undefined ? undefined : valueFault(attribute, read);
  if (fault !== undefined) throw new ScimError(400, 'invalidValue', fault);
  return read;
}

function refuse(errors: readonly InputFault[]): void {
  if (errors.length > 0)
    throw new AppError('input.invalid', 'some attributes are not valid', { errors: [...errors] });
}

/**
 * The attributes of a user with these values of the tenant's own; what is not named stays.
 *
 * @param given - by name; null or an empty list takes a value away.
 * @throws AppError `input.invalid` naming each value that does not fit.
 */
export function withOwnValues(
  core: Pick<Core, 'config' | 'services'>,
  config: Config,
  attributes: Attributes,
  given: Values | undefined,
): Attributes {
  if (given === undefined) return attributes;
  const known = userSchemaOf(core, config).extensions.find(({ alias }) => alias === tenantAlias)?.attributes;
  const values = new Map(Object.entries(ownValues({ attributes }, config)));
  const faults: InputFault[] = [];
  for (const [name, value] of Object.entries(given)) {
    const attribute = known && findAttribute(known, name);
    if (!attribute) {
      faults.push(unknownName(name, config));
      continue;
    }
    try {
      const read = readOwn(attribute, value);
      if (read === undefined) values.delete(attribute.name);
      else values.set(attribute.name, read);
    } catch (error) {
      if (!(error instanceof ScimError)) throw error;
      faults.push({ pointer: pointerTo(name), detail: error.detail });
    }
  }
  refuse(faults);
  return withValues(attributes, Object.fromEntries(values));
}

/**
 * The attributes of a user as they are stored: of the tenant's own those that there are now, each of its type. It is the rule for every way
 * in; a value that stands is not judged again.
 *
 * @throws AppError `input.invalid`.
 */
export function judgeOwnValues(
  core: Pick<Core, 'config' | 'services'>,
  config: Config,
  attributes: Attributes,
  before: Attributes = {},
): Attributes {
  if (attributes[tenantAlias] === undefined) return attributes;
  const given = ownValues({ attributes }, config);
  const stored = objectOf(before[tenantAlias]);
  const fresh = Object.entries(given).filter(([name, value]) => !isDeepStrictEqual(stored[name], value));
  const kept = withValues(attributes, given);
  return withOwnValues(core, config, kept, Object.fromEntries(fresh));
}

/**
 * Refuses a user without a value that the tenant requires: a new one, and one that had it. Who never had it may be changed in other ways, and
 * a deactivation is never refused.
 *
 * @param before - absent: a new user.
 * @throws AppError `input.invalid` naming each attribute.
 */
export function requireOwnValues(
  config: Config,
  after: Pick<UserDocument, 'attributes' | 'enabled'>,
  before?: Pick<UserDocument, 'attributes' | 'enabled'>,
): void {
  if (before && !after.enabled) return;
  const [had, has] = [before && ownValues(before, config), ownValues(after, config)];
  const missing = config.attributes.filter(
    ({ name, required }) => required && has[name] === undefined && (!had || had[name] !== undefined),
  );
  refuse(missing.map(({ name }) => ({ pointer: pointerTo(name), detail: `"${name}" is required` })));
}

/** A value in the form it is compared in: text without regard to case, an instant whatever its time zone. */
function comparable(type: UserAttribute['type'], value: unknown): string {
  if (type === 'string') return fold(String(value));
  if (type === 'dateTime') return String(parseInstant(String(value)) ?? value);
  return String(value);
}

const uniqueKey = ({ id, type }: UserAttribute, value: unknown): string =>
  `${id}:${createHash('sha256').update(comparable(type, value)).digest('base64url')}`;

/** What a user with this value of a unique attribute is found by; undefined: the tenant has no unique attribute of this name. */
export function uniqueKeyOf(config: Config, name: string, value: unknown): string | undefined {
  const attribute = config.attributes.find((one) => one.unique && one.name === name);
  return attribute && uniqueKey(attribute, value);
}

/** What a user's values of unique attributes are unique by: a unique index holds them, so that two writes at once cannot both pass. */
export function uniqueKeysOf(config: Config, attributes: Attributes): string[] {
  const values = ownValues({ attributes }, config);
  const unique = config.attributes.filter((attribute) => attribute.unique);
  const keys = unique.flatMap((attribute) =>
    [values[attribute.name] ?? []].flat().map((value) => uniqueKey(attribute, value)),
  );
  return [...new Set(keys)];
}

/** The field of a stored user; absent for users who have no such value and never had one. */
export function uniqueKeysField(
  keys: readonly string[],
  stored?: Pick<UserDocument, 'uniqueKeys'>,
): Pick<UserDocument, 'uniqueKeys'> {
  return keys.length > 0 || stored?.uniqueKeys ? { uniqueKeys: [...keys] } : {};
}

/** The user whose value of a unique attribute is in the way of these, and which attribute it is. */
export async function findValueClash(
  core: Core,
  config: TenantConfig,
  attributes: Attributes | undefined,
  ownId?: string,
): Promise<Clash | undefined> {
  const keys = attributes ? uniqueKeysOf(config, attributes) : [];
  if (keys.length === 0) return undefined;
  const users = core.store.tenant(config.tenant._id).collection('users');
  const found = await users.find({ uniqueKeys: { $in: keys } }, { limit: keys.length + 1 });
  const other = found.find(({ _id }) => _id !== ownId);
  const taken =
    other &&
    config.attributes.find(({ id }) =>
      other.uniqueKeys?.some((key) => keys.includes(key) && key.startsWith(`${id}:`)),
    );
  if (!other || !taken) return undefined;
  const conflictsWith: ConflictParty = {
    type: 'user',
    id: other._id,
    label: other.userName,
    directory: null,
  };
  return {
    pointer: pointerTo(taken.name),
    message: `the value of "${taken.name}" is taken by another user`,
    conflictsWith,
  };
}
