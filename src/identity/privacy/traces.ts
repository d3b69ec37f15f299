import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AuditEventDocument } from '../../persistence/collections/events.js';
import type {
  ScimOperationRecord,
  ScimRequestDocument,
} from '../../persistence/collections/scim-requests.js';
import { collectionNames, type CollectionName } from '../../persistence/collections/index.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Collection, StoredDocument } from '../../persistence/store.js';
import type { Core } from '../core.js';
import type { Masker } from './marks.js';

type Fields = Readonly<Record<string, unknown>>;

/** Values that say what was decided about an account and nothing of the person. */
const impersonal =
  /^(?:enabled|active|held|approved|activatedAt|lockedUntil|accessExpiresAt|loginType|directoryId|roles|grants|services\..*|reason|method|connection|application|template)$/;
const erased = '[erased]';

const gone = (value: unknown): unknown => (value === null || value === undefined ? value : erased);

/** An event without the person; undefined: it says nothing of them. */
export function erasedEvent(
  event: AuditEventDocument,
  userId: string,
  masker: Masker,
): AuditEventDocument | undefined {
  const isActor = event.actor.id === userId;
  const isTarget = event.target?.id === userId;
  if (!isActor && !isTarget && !masker.mentions([event.actor, event.target, event.changes])) return undefined;
  const named = masker.pseudonym;
  const changes = isTarget
    ? event.changes.map(({ path, before, after }) => ({
        path: masker.mask(path),
        before: impersonal.test(path) ? masker.mask(before) : gone(before),
        after: impersonal.test(path) ? masker.mask(after) : gone(after),
      }))
    : masker.mask(event.changes);
  const next = {
    ...event,
    actor: isActor ? { ...event.actor, label: named } : masker.mask(event.actor),
    target: isTarget && event.target ? { ...event.target, label: named } : masker.mask(event.target),
    changes,
    ip: isActor || event.actor.type === 'anonymous' ? null : event.ip,
  };
  return JSON.stringify(next) === JSON.stringify(event) ? undefined : next;
}

function erasedOperation<T extends Pick<ScimOperationRecord, 'target' | 'path' | 'diff' | 'error'>>(
  operation: T,
  userId: string,
  masker: Masker,
): T {
  const isOwn = operation.target?.id === userId;
  if (!isOwn && !masker.mentions(operation)) return operation;
  const { target, diff, error } = operation;
  return {
    ...operation,
    path: masker.mask(operation.path),
    target: isOwn && target ? { ...target, label: masker.pseudonym } : masker.mask(target),
    diff: isOwn ? diff.map(({ path }) => ({ path, before: erased, after: erased })) : masker.mask(diff),
    error: masker.mask(error),
  };
}

/** An entry of a directory's request log without the person: its body goes as a whole, and cannot be sent again. */
function erasedRequest(
  request: ScimRequestDocument,
  userId: string,
  masker: Masker,
): ScimRequestDocument | undefined {
  const { target, path, body, diff, error, operations } = request;
  if (target?.id !== userId && !masker.mentions([target, path, body, diff, error, operations]))
    return undefined;
  return {
    ...erasedOperation(request as ScimRequestDocument & ScimOperationRecord, userId, masker),
    body: body === null ? null : { omitted: true, characters: 0 },
    operations: operations.map((operation) => erasedOperation(operation, userId, masker)),
  };
}

/** Other users keep what is theirs; of the person they may hold who gave them a role, and the name of a manager. */
function erasedElsewhere(user: UserDocument, userId: string, masker: Masker): UserDocument | undefined {
  const enterprise = user.attributes['enterprise'] as { manager?: { value?: unknown } } | undefined;
  const manager = enterprise?.manager;
  const grants = masker.mentions(user.grants.map(({ detail }) => detail))
    ? masker.mask(user.grants)
    : user.grants;
  const isManaged = manager?.value === userId || masker.mentions(manager);
  if (grants === user.grants && !isManaged) return undefined;
  const next = isManaged ? { ...enterprise, manager: masker.mask(manager) } : enterprise;
  if (JSON.stringify([grants, next]) === JSON.stringify([user.grants, enterprise])) return undefined;
  return { ...user, grants, ...(next && { attributes: { ...user.attributes, enterprise: next } }) };
}

/** What belongs to the person goes; what only names them gets the pseudonym. */
function erasedThing(document: Fields, masker: Masker): Fields | undefined {
  const { _id, tenantId, version, createdAt, updatedAt, ...own } = document;
  if (!masker.mentions(own)) return undefined;
  const next = masker.mask(own);
  return next === own ? undefined : { ...next, _id, tenantId, version, createdAt, updatedAt };
}

const elsewhere: readonly CollectionName[] = [
  'audit_events',
  'audit_seals',
  'audit_trails',
  'scim_requests',
  'users',
];
/** Documents looked at before others have a turn. */
const atOnce = 200;

async function change<T extends StoredDocument>(
  documents: Collection<T>,
  next: (document: T) => T | 'remove' | undefined,
): Promise<number> {
  let [changed, seen] = [0, 0];
  for await (const document of documents.iterate({})) {
    seen += 1;
    if (seen % atOnce === 0) await nextTurn();
    const found = next(document);
    if (found === undefined) continue;
    changed += 1;
    if (found === 'remove') await documents.remove(document._id);
    else
      await documents.update(document._id, (stored) => {
        const again = next(stored);
        return again === 'remove' ? undefined : again;
      });
  }
  return changed;
}

/** A sealed job that names the person holds a mail to them, or the like. */
function erasedDocument(
  document: Fields,
  name: CollectionName,
  userId: string,
  masker: Masker,
): Fields | 'remove' | undefined {
  const owner = name === 'credentials' ? document['_id'] : document['userId'];
  if (owner === userId) return 'remove';
  // What is sealed cannot be looked into.
  if (name === 'kept_answers' && document['answer'] !== undefined) return 'remove';
  const { sealed } = (document['payload'] ?? {}) as Fields;
  if (name === 'jobs' && sealed !== undefined && masker.mentions(document['payload'])) return 'remove';
  return erasedThing(document, masker);
}

/** Takes the person out of everything of the tenant but its audit trail. @returns how many documents were changed or removed. */
export async function eraseTraces(
  core: Core,
  tenantId: string,
  userId: string,
  masker: Masker,
): Promise<number> {
  const scope = core.store.tenant(tenantId);
  let count = await change(scope.collection('scim_requests'), (one) => erasedRequest(one, userId, masker));
  count += await change(scope.collection('users'), (user) =>
    user._id === userId ? undefined : erasedElsewhere(user, userId, masker),
  );
  for (const name of collectionNames.filter((one) => !elsewhere.includes(one))) {
    const documents = scope.collection(name) as unknown as Collection<StoredDocument>;
    count += await change(documents, (document) => {
      const next = erasedDocument({ ...document }, name, userId, masker);
      return next as unknown as StoredDocument | 'remove' | undefined;
    });
  }
  return count;
}
