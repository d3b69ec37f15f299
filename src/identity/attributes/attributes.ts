import {
  attributeTypes,
  type AttributeType,
  type UserAttributeDocument,
} from '../../persistence/collections/attributes.js';
import type { AuditParty } from '../../persistence/collections/events.js';
import type { Reader, Step } from '../../persistence/store.js';
import { AppError, type InputFault } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import { recordEvent } from '../audit/audit.js';
import { changeEntity, requireEntity, type Entity } from '../audit/entity.js';
import type { Actor, Core } from '../core.js';
import { refuseDuplicates } from '../duplicates.js';
import { attributeAt } from '../grants/rule-attributes.js';
import { enqueueJob, wakeJobs } from '../jobs/queue.js';
import { tenantConfigStep, touchTenant, type UserAttribute } from '../tenants/config.js';
import { userSchemaOf } from '../tenants/schemas.js';
import type { WriteOptions } from '../versions.js';
import { attributeRemovalJob } from './removal-job.js';

export { attributeTypes, type UserAttributeDocument } from '../../persistence/collections/attributes.js';

export interface UserAttributeInput {
  name: string;
  type: AttributeType;
  multiValued?: boolean | undefined;
  required?: boolean | undefined;
  unique?: boolean | undefined;
  description?: string | undefined;
}

/** What is absent stays. Name, type, multiValued and unique cannot become others. */
export type UserAttributeChange = {
  [K in keyof UserAttributeInput]?: UserAttributeInput[K] | undefined;
};

/** Of one tenant: each is in every answer of `/Schemas`. */
const maxAttributes = 100;
const maxDescriptionCharacters = 1000;
/** RFC 7643 section 2.1, without `$`, which queries of the database begin with. */
const nameShape = /^[A-Za-z][\w-]{0,63}$/;

const duplicates = {
  user_attributes_name: {
    code: 'attribute.name_taken',
    message:
      'the name is taken by another attribute, or by one that was deleted and whose values are still being removed',
    pointer: '/name',
  },
} as const;

const partyOf = ({ _id, name }: Pick<UserAttributeDocument, '_id' | 'name'>): AuditParty => ({
  type: 'attribute',
  id: _id,
  label: name,
});

const notFound = (): AppError => new AppError('attribute.not_found', 'there is no such attribute');

const attributeEntity: Entity<'user_attributes'> = {
  collection: 'user_attributes',
  notFound,
  isPresent: ({ deletedAt }) => !deletedAt,
  partyOf,
  factsOf: ({ required, description }) => ({ required, description }),
};

function refuse(errors: readonly InputFault[]): void {
  if (errors.length > 0)
    throw new AppError('input.invalid', 'the attribute is not valid', { errors: [...errors] });
}

function descriptionFaults(description: string | undefined): InputFault[] {
  if (description === undefined || description.length <= maxDescriptionCharacters) return [];
  return [{ pointer: '/description', detail: `must be at most ${maxDescriptionCharacters} characters` }];
}

function requireValid({ name, type, unique, description }: UserAttributeInput): void {
  const errors = descriptionFaults(description);
  if (!nameShape.test(name) || name in {}) {
    errors.push({
      pointer: '/name',
      detail: 'must begin with a letter and hold letters, digits, "_" and "-", at most 64',
    });
  }
  if (!attributeTypes.includes(type)) {
    errors.push({ pointer: '/type', detail: `must be one of ${attributeTypes.join(', ')}` });
  }
  if (unique === true && type === 'boolean') {
    errors.push({
      pointer: '/unique',
      detail: 'must not be true for a boolean: there are two values for all users',
    });
  }
  refuse(errors);
}

/** All attributes of a tenant by name. */
export function listAttributes(core: Core, tenantId: string): Promise<UserAttributeDocument[]> {
  return core.store
    .tenant(tenantId)
    .collection('user_attributes')
    .find({ deletedAt: null }, { sort: { nameKey: 1 } });
}

/**
 * @param idOrName - the id or the name.
 * @throws AppError `attribute.not_found`.
 */
export async function getAttribute(
  core: Core,
  tenantId: string,
  idOrName: string,
): Promise<UserAttributeDocument> {
  const attributes = core.store.tenant(tenantId).collection('user_attributes');
  const found =
    (await attributes.get(idOrName)) ?? (await attributes.findOne({ nameKey: idOrName.toLowerCase() }));
  if (!found || found.deletedAt) throw notFound();
  return found;
}

/**
 * Defines an attribute. It is in `/Schemas`, in users and in rules from the next request on, in every process.
 *
 * @throws AppError `attribute.name_taken`, `input.invalid`.
 */
export async function createAttribute(
  core: Core,
  actor: Actor,
  input: UserAttributeInput,
): Promise<UserAttributeDocument> {
  requireValid(input);
  const { name, type, multiValued = false, required = false, unique = false, description = '' } = input;
  const wanted = {
    ...{ _id: newId(), tenantId: actor.tenantId, name, nameKey: name.toLowerCase() },
    ...{ type, multiValued, required, unique, description },
  };
  const now = core.clock.now();
  return refuseDuplicates(duplicates, () =>
    core.store.transaction(function* (tx) {
      // It also keeps two of these from passing the limit together.
      yield* touchTenant(tx, actor.tenantId);
      const attributes = tx.tenant(actor.tenantId).collection('user_attributes');
      if ((yield* attributes.find({}, { fields: [] })).length >= maxAttributes)
        refuse([{ pointer: '', detail: `a tenant has at most ${maxAttributes} attributes` }]);
      const stored = yield* attributes.insert(wanted);
      yield* recordEvent(tx, actor, { action: 'attribute.created', target: partyOf(stored) }, now);
      return stored;
    }),
  );
}

const fixed = ['name', 'type', 'multiValued', 'unique'] as const;

/** What is fixed may be sent as it is. */
function requireFixed(before: UserAttributeDocument, change: UserAttributeChange): void {
  const faults = fixed
    .filter((field) => change[field] !== undefined && change[field] !== before[field])
    .map((field) => ({
      pointer: `/${field}`,
      detail: `${field} cannot be changed, as there may be values: make another attribute`,
    }));
  refuse([...faults, ...descriptionFaults(change.description)]);
}

/**
 * Changes whether an attribute is required, and its description.
 *
 * @returns the attribute; the very same version when nothing changed.
 * @throws AppError `attribute.not_found`, `input.invalid`, `resource.version_mismatch`.
 */
export async function updateAttribute(
  core: Core,
  actor: Actor,
  idOrName: string,
  change: UserAttributeChange,
  options: WriteOptions = {},
): Promise<UserAttributeDocument> {
  const { _id } = await getAttribute(core, actor.tenantId, idOrName);
  const now = core.clock.now();
  return core.store.transaction((tx) =>
    changeEntity(
      attributeEntity,
      { tx, actor, now, id: _id, options },
      {
        action: 'attribute.updated',
        *wanted(before) {
          requireFixed(before, change);
          const { required = before.required, description = before.description } = change;
          return { ...before, required, description };
        },
        before: () => touchTenant(tx, actor.tenantId),
      },
    ),
  );
}

/** Where else the tenant names an attribute: rules of directories, claims of applications. */
function* usesOf(
  reader: Reader,
  core: Core,
  tenantId: string,
  { _id }: UserAttributeDocument,
): Step<string[]> {
  const config = yield* tenantConfigStep(core, reader, tenantId);
  const schema = userSchemaOf(core, config);
  const attribute: UserAttribute | undefined = config.attributes.find(({ id }) => id === _id);
  const isIt = (path: string): boolean => {
    const found = attributeAt(schema, path);
    return found?.extension?.alias === 'tenant' && found.attribute.name === attribute?.name;
  };
  const scope = reader.tenant(tenantId);
  const directories = yield* scope.collection('directories').find({}, { fields: ['name', 'roleRules'] });
  const applications = yield* scope.collection('applications').find({}, { fields: ['key', 'claims'] });
  return [
    ...directories
      .filter(({ roleRules }) => roleRules.some(({ when }) => isIt(when.path)))
      .map(({ name }) => `the role rules of the directory ${name}`),
    ...applications
      .filter(({ claims = [] }) => claims.some(({ from }) => isIt(from)))
      .map(({ key }) => `the claims of the application ${key}`),
  ];
}

/**
 * Deletes an attribute. It is gone from the schemas and from every answer at once; a job removes the values that users have, and then the name
 * is free.
 *
 * @throws AppError `attribute.not_found`, `attribute.in_use` while a role rule or a claim names it, `resource.version_mismatch`.
 */
export async function deleteAttribute(
  core: Core,
  actor: Actor,
  idOrName: string,
  options: WriteOptions = {},
): Promise<void> {
  const { _id } = await getAttribute(core, actor.tenantId, idOrName);
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const attributes = tx.tenant(actor.tenantId).collection('user_attributes');
    const before = yield* requireEntity(attributeEntity, { tx, actor, id: _id, options });
    const uses = yield* usesOf(tx, core, actor.tenantId, before);
    if (uses.length > 0) {
      const detail = `the attribute ${before.name} is used by ${uses.slice(0, 10).join(', ')}: remove it there first`;
      throw new AppError('attribute.in_use', detail);
    }
    yield* touchTenant(tx, actor.tenantId);
    yield* attributes.update(_id, (stored) => ({ ...stored, deletedAt: now }));
    const payload = { attributeId: _id };
    yield* enqueueJob(tx, actor.tenantId, { kind: attributeRemovalJob, payload }, now);
    yield* recordEvent(tx, actor, { action: 'attribute.deleted', target: partyOf(before) }, now);
  });
  wakeJobs(core);
}
