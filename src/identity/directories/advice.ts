import type { Dialect, DirectoryDocument } from '../../persistence/collections/directories.js';
import type { GroupDocument } from '../../persistence/collections/groups.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Core } from '../core.js';
import { parseEmail } from '../email.js';
import { coversDomain } from '../domain-match.js';
import { adviceOf, type Advice, type AdviceFacts, type AdviceUser } from './advice-rules.js';

const maxRequests = 300;
const maxSample = 200;

function factsOfUser(user: UserDocument): AdviceUser {
  const { attributes, directoryId, email, enabled, externalId, grants, userName } = user;
  const { displayName, name } = attributes as { displayName?: string; name?: Record<string, unknown> };
  return {
    ...{ userName, email, enabled, externalId },
    domain: parseEmail(email ?? userName)?.domain ?? null,
    hasName: displayName !== undefined || name !== undefined,
    hasRuleRole: grants.some(({ sourceId, type }) => type === 'rule' && sourceId === directoryId),
  };
}

async function credentialsOf(
  core: Core,
  { _id, tenantId }: DirectoryDocument,
): Promise<AdviceFacts['credentials']> {
  const scope = core.store.tenant(tenantId);
  const [tokens, clients] = await Promise.all([
    scope.collection('scim_tokens').find({ directoryId: _id }),
    scope.collection('scim_clients').find({ directoryId: _id }),
  ]);
  const now = core.clock.now();
  return [...tokens, ...clients].filter(({ expiresAt }) => expiresAt === null || expiresAt > now);
}

async function requestsOf(
  core: Core,
  { _id, tenantId }: DirectoryDocument,
): Promise<AdviceFacts['requests']> {
  const found = await core.store
    .tenant(tenantId)
    .collection('scim_requests')
    .find(
      { directoryId: _id },
      { sort: { _id: -1 }, limit: maxRequests, fields: ['at', 'method', 'path', 'status', 'error'] },
    );
  return found.map(({ at, error, method, path, status }) => ({
    ...{ at, method, path, status },
    hint: error?.hint ?? null,
  }));
}

async function usersOf(core: Core, { _id, tenantId }: DirectoryDocument): Promise<AdviceFacts['users']> {
  const users = core.store.tenant(tenantId).collection('users');
  const query = { directoryId: _id };
  const [count, sample] = await Promise.all([
    users.count(query),
    users.find(query, { sort: { _id: 1 }, limit: maxSample }),
  ]);
  return { count, firstAt: sample[0]?.createdAt ?? null, sample: sample.map(factsOfUser) };
}

async function groupsOf(core: Core, { _id, tenantId }: DirectoryDocument): Promise<AdviceFacts['groups']> {
  const scope = core.store.tenant(tenantId);
  const query = { directoryId: _id };
  const [count, sample] = await Promise.all([
    scope.collection('groups').count(query),
    scope.collection('groups').find(query, { sort: { _id: -1 }, limit: maxSample }),
  ]);
  const isFilled = async ({ _id: groupIds }: GroupDocument): Promise<boolean> =>
    (await scope.collection('users').findOne({ groupIds }, { fields: [] })) !== undefined ||
    (await scope.collection('groups').findOne({ groupIds }, { fields: [] })) !== undefined;
  const shown: { name: string; hasMembers: boolean }[] = [];
  for (const group of sample) {
    // One with members is enough to know: the others need not be asked for.
    const isKnown = shown.some(({ hasMembers }) => hasMembers);
    shown.push({ name: group.displayName, hasMembers: isKnown || (await isFilled(group)) });
  }
  return { count, lastAt: sample[0]?.createdAt ?? null, sample: shown };
}

function rulesOf({ roleRules }: DirectoryDocument): AdviceFacts['rules'] {
  const named = roleRules.flatMap(({ when }) =>
    when.path === 'groups.displayName'
      ? [...(when.is === undefined ? [] : [when.is]), ...(when.in ?? [])]
      : [],
  );
  return { count: roleRules.length, groups: named };
}

async function domainsOf(core: Core, tenantId: string): Promise<AdviceFacts['domains']> {
  const connections = await core.store.tenant(tenantId).collection('sso_connections').find({});
  return connections.flatMap(({ mode, verifiedDomains }) =>
    verifiedDomains.length === 0
      ? []
      : [{ isForwarded: mode !== 'off', covers: (domain: string) => coversDomain(verifiedDomains, domain) }],
  );
}

/** What has not come by a directory, or will not work: from its newest requests, and samples of its people and groups. */
export async function directoryAdvice(core: Core, directory: DirectoryDocument): Promise<Advice[]> {
  if (directory.kind === 'google') return [];
  const [credentials, requests, users, groups, domains] = await Promise.all([
    credentialsOf(core, directory),
    requestsOf(core, directory),
    usersOf(core, directory),
    groupsOf(core, directory),
    domainsOf(core, directory.tenantId),
  ]);
  const { dialect, enabled, federation, learnedDialect } = directory;
  const federated = federation ? [{ createdAt: directory.createdAt, expiresAt: null }] : [];
  const provider: Dialect = dialect === 'auto' ? (learnedDialect ?? 'auto') : dialect;
  const facts = {
    ...{ enabled, isStrict: dialect === 'strict', requests, users, groups, domains },
    provider,
    credentials: [...credentials, ...federated],
    rules: rulesOf(directory),
  };
  return adviceOf(facts, core.clock.now());
}
