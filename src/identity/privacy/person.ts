import type { UserDocument } from '../../persistence/collections/users.js';
import { AppError } from '../../shared/errors.js';
import type { Core } from '../core.js';
import { loginKey } from '../email.js';
import { displayNameOf } from '../user-keys.js';
import { marksOf, type Marks } from './marks.js';

/** A person as they are known here: by a user, or by the trail of one that was deleted. */
export interface Person {
  readonly userId: string;
  /** Undefined: deleted already. */
  readonly user: UserDocument | undefined;
}

/** The id of a deleted user, from the trail. */
async function formerId(core: Core, tenantId: string, named: string): Promise<string | undefined> {
  const events = core.store.tenant(tenantId).collection('audit_events');
  const byId = await events.findOne({ 'target.id': named, 'target.type': 'user' }, { fields: [] });
  if (byId) return named;
  const key = loginKey(named);
  let found: string | undefined;
  for await (const { target } of events.iterate({ action: 'user.deleted' }, { fields: ['target'] })) {
    if (target && loginKey(target.label) === key) found = target.id;
  }
  return found;
}

/**
 * Finds a person by user id, address or userName; a deleted one by what the audit trail still says.
 *
 * @throws AppError `user.not_found`.
 */
export async function findPerson(core: Core, tenantId: string, named: string): Promise<Person> {
  const users = core.store.tenant(tenantId).collection('users');
  const user = (await users.get(named)) ?? (await users.findOne({ loginKeys: loginKey(named) }));
  if (user) return { userId: user._id, user };
  const userId = await formerId(core, tenantId, named);
  if (userId === undefined) throw new AppError('user.not_found', 'there is no such person');
  return { userId, user: undefined };
}

const valuesOf = (list: unknown): string[] =>
  (Array.isArray(list) ? list : []).flatMap((entry: { value?: unknown } | null) =>
    typeof entry?.value === 'string' ? [entry.value] : [],
  );

/** What of a user is theirs alone, and what others may have too. */
function ownMarks(user: UserDocument): { strong: string[]; weak: string[] } {
  const { userName, email, emailKey, externalId, attributes, movedAddress } = user;
  const names = [displayNameOf(userName, attributes), attributes['displayName'], attributes['nickName']];
  const formatted = (attributes['name'] as { formatted?: unknown } | undefined)?.formatted;
  return {
    strong: [
      userName,
      email,
      emailKey,
      externalId,
      movedAddress?.from,
      ...valuesOf(attributes['emails']),
    ].filter((text) => typeof text === 'string'),
    weak: [...names, formatted, ...valuesOf(attributes['phoneNumbers'])].filter(
      (text) => typeof text === 'string',
    ),
  };
}

const addressPaths = /^(?:userName|emails?|externalId)\b/;
const namePaths = /^(?:displayName|name\.formatted)$/;

/** Every text in a value. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, entry]) =>
    name === 'type' || name === 'display' ? [] : textsIn(entry),
  );
}

/** Names the person had before, from the trail. */
async function formerMarks(core: Core, tenantId: string, userId: string) {
  const events = core.store.tenant(tenantId).collection('audit_events');
  const [strong, weak] = [new Set<string>(), new Set<string>()];
  for await (const { target, changes } of events.iterate({ 'target.id': userId })) {
    if (target) strong.add(target.label);
    for (const { path, before, after } of changes) {
      const marks = addressPaths.test(path) ? strong : namePaths.test(path) ? weak : undefined;
      for (const text of [...textsIn(before), ...textsIn(after)]) marks?.add(text);
    }
  }
  for await (const { actor } of events.iterate({ 'actor.id': userId }, { fields: ['actor'] }))
    strong.add(actor.label);
  return { strong, weak };
}

/** Addresses and names that another user of the tenant has now are theirs. */
async function withoutOthers(core: Core, { userId }: Person, tenantId: string, marks: string[]) {
  const users = core.store.tenant(tenantId).collection('users');
  const keys = marks.map(loginKey);
  const others = await users.find(
    { loginKeys: { $in: keys }, _id: { $ne: userId } },
    { fields: ['loginKeys'] },
  );
  const taken = new Set(others.flatMap(({ loginKeys }) => loginKeys));
  return marks.filter((mark) => !taken.has(loginKey(mark)));
}

/** Everything by which the person is named in this tenant's data. */
export async function marksOfPerson(core: Core, tenantId: string, person: Person): Promise<Marks> {
  const { userId, user } = person;
  const scope = core.store.tenant(tenantId);
  const own = user ? ownMarks(user) : { strong: [], weak: [] };
  const former = await formerMarks(core, tenantId, userId);
  const identities = await scope.collection('identities').find({ userId });
  const invited = await scope.collection('invitations').find({ userId });
  const strong = [
    ...own.strong,
    ...former.strong,
    ...identities.map(({ subject }) => subject),
    ...invited.map(({ email }) => email),
  ];
  return marksOf(userId, await withoutOthers(core, person, tenantId, strong), [...own.weak, ...former.weak]);
}
