import { isDeepStrictEqual } from 'node:util';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import { AppError } from '../../shared/errors.js';
import type { Actor, Core } from '../core.js';
import { replaceGrants } from '../grants/grants.js';
import { compileRules, mapCompiledRules } from '../grants/role-mapping.js';
import { aliasesFor, type MappingView } from '../grants/rule-paths.js';
import { isNamed } from '../tenants/break-glass.js';
import { tenantConfig } from '../tenants/config.js';
import { writeUser } from './actions.js';
import { saveUser } from './save.js';

/** What a company's provider says at a sign-in, as far as role rules see it. */
interface SsoWord {
  claims: Readonly<Record<'email' | 'givenName' | 'familyName' | 'displayName', string | undefined>>;
  /** Names. */
  groups: readonly string[];
}

function viewOf({ claims, groups }: SsoWord): MappingView {
  const { email, givenName, familyName, displayName } = claims;
  return {
    user: {
      ...(email !== undefined && { userName: email, emails: [{ value: email, primary: true }] }),
      name: {
        ...(givenName !== undefined && { givenName }),
        ...(familyName !== undefined && { familyName }),
      },
      ...(displayName !== undefined && { displayName }),
      active: true,
    },
    groups: groups.map((name) => ({ id: name, displayName: name, externalId: null })),
  };
}

/** What the rules of a connection give for what its provider says, and why. */
export async function ssoRolesOf(
  core: Core,
  connection: SsoConnectionDocument,
  word: SsoWord,
): Promise<{ role: string; because: string }[]> {
  const config = await tenantConfig(core, connection.tenantId);
  return mapCompiledRules(viewOf(word), compileRules(connection.roleRules ?? [], aliasesFor(core)))
    .filter(({ role }) => config.roles.has(role))
    .map(({ role, because }) => ({ role, because }));
}

/**
 * Gives the roles that the rules of a connection find at a sign-in, in place of those it gave before. People of a directory get theirs from
 * the directory. A sign-in never fails for this.
 *
 * @returns whether the user was written.
 */
export async function followSsoRoles(
  core: Core,
  actor: Actor,
  { connection, word }: { connection: SsoConnectionDocument; word: SsoWord },
  user: UserDocument,
): Promise<boolean> {
  const rules = connection.roleRules ?? [];
  const source = { type: 'sso' as const, sourceId: connection._id };
  const hasSome = user.grants.some(({ type, sourceId }) => type === 'sso' && sourceId === connection._id);
  if (!hasSome && rules.length === 0) return false;
  const config = await tenantConfig(core, connection.tenantId);
  if (isNamed(config.tenant, user._id)) return false;
  const mapped = (await ssoRolesOf(core, connection, word)).map(({ role, because }) => ({
    ...{ role, detail: because, until: null },
  }));
  const unique = [...new Map(mapped.map((grant) => [`${grant.role}\n${grant.detail}`, grant])).values()];
  const grantsOf = ({ directoryId, grants }: UserDocument) =>
    replaceGrants(grants, source, directoryId === null ? unique : [], core.clock.now());
  if (isDeepStrictEqual(grantsOf(user), user.grants)) return false;
  try {
    await writeUser(core, actor, user._id, {}, (context, stored) =>
      saveUser(context, stored, { ...stored, grants: grantsOf(stored) }),
    );
    return true;
  } catch (error) {
    if (!(error instanceof AppError) || error.status >= 500) throw error;
    core.log.warn({ code: error.code, userId: user._id }, 'the roles of a sign-in were not taken over');
    return false;
  }
}
