import type { LoginType, UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { newId } from '../../shared/ids.js';
import type { Actor, Core } from '../core.js';
import { enqueueInvitationEnd } from './expiry.js';
import { parseEmail, type EmailAddress } from '../email.js';
import { fold } from '../../shared/fold.js';
import { mailEntry, prepareEntry } from './mail.js';
import { wakeJobs } from '../jobs/queue.js';
import { findConnectionByDomain } from '../sso/by-domain.js';
import { realmOf } from '../sso/home-realm.js';
import { withAccess } from '../grants/services.js';
import { requireGroup } from '../groups/groups.js';
import { changeMembersStep } from '../groups/member-steps.js';
import { tenantConfig, type TenantConfig } from '../tenants/config.js';
import { requireAddingAllowed, requireGivable } from '../users/build.js';
import { withProfile, type UserInput } from '../users/input.js';
import { openWrite, type WriteContext } from '../users/save.js';
import { createUserStep, findUserByLogin } from '../users/users.js';
import { endOfEntry, recordInvitation } from './invitations.js';

export interface InvitationInput {
  emails: readonly string[];
  /** Full keys. */
  roles: readonly string[];
  /** Absent: by the address's domain. */
  loginType?: LoginType | undefined;
  /** When the access it gives ends; null: never. */
  accessExpiresAt: Date | null;
  message: string;
  /** The name of the person, where it is known. */
  profile?:
    | { givenName?: string | undefined; familyName?: string | undefined; language?: string | undefined }
    | undefined;
  /** Ids of groups the person is to be in. */
  groups?: readonly string[];
  /** Keys of applications the person is assigned to: a reader there without any role. */
  services?: readonly string[];
}

/** What became of one address: the others go their own way (F-8). */
export interface InvitationResult {
  email: string;
  outcome: 'invited' | 'already_user' | 'pending' | 'invalid';
  /** Why not; null when invited. */
  reason: string | null;
}

function* insertInvitation(
  context: WriteContext,
  invitationId: string,
  user: UserDocument,
  input: InvitationInput,
): Step<void> {
  const { tx, tenantId, actor } = context;
  const { id, label } = actor.party;
  const email = user.email ?? user.userName;
  yield* tx
    .tenant(tenantId)
    .collection('invitations')
    .insert({
      _id: invitationId,
      tenantId,
      userId: user._id,
      email,
      emailKey: fold(email),
      roles: [...new Set(input.roles)],
      loginType: user.loginType,
      accessExpiresAt: user.accessExpiresAt,
      sender: { id, name: label },
      senderKey: fold(label),
      expiresAt: endOfEntry(context),
      respondedAt: null,
      revokedAt: null,
      resentCount: 0,
      message: input.message,
      groups: [...new Set(input.groups)],
      services: [...new Set(input.services)],
    });
  yield* enqueueInvitationEnd(context, invitationId, endOfEntry(context));
}

/** Puts the person into the groups of the invitation, as its sender may. */
function* joinGroups(context: WriteContext, user: UserDocument, groups: readonly string[]): Step<void> {
  const { tx, tenantId, actor } = context;
  for (const id of new Set(groups)) {
    const group = requireGroup(yield* tx.tenant(tenantId).collection('groups').get(id), actor.directoryId);
    yield* changeMembersStep(context, group, { add: [user._id], remove: [] });
  }
}

async function refusal(
  core: Core,
  tenantId: string,
  email: EmailAddress,
): Promise<InvitationResult | undefined> {
  const known = await findUserByLogin(core, tenantId, email.key);
  if (!known) return undefined;
  if (known.activatedAt !== null) {
    return { email: email.address, outcome: 'already_user', reason: 'a user has this address already' };
  }
  return {
    email: email.address,
    outcome: 'pending',
    reason: 'not activated yet; the mail can be sent again',
  };
}

/** The login type of an address: a domain that is always forwarded leaves no choice. undefined: SSO is wished, and nothing offers it. */
async function loginTypeFor(
  core: Core,
  tenantId: string,
  email: EmailAddress,
  wished: LoginType | undefined,
): Promise<LoginType | undefined> {
  const connection = await findConnectionByDomain(core, email.domain);
  const realm = realmOf(connection?.tenantId === tenantId ? connection : undefined);
  if (realm === 'forwarded') return 'sso';
  if (realm === 'local') return wished === 'sso' ? undefined : 'local';
  return wished ?? 'local';
}

async function inviteAddress(
  core: Core,
  actor: Actor,
  email: EmailAddress,
  input: InvitationInput,
): Promise<InvitationResult> {
  const { tenantId } = actor;
  const invalid = (reason: string): InvitationResult => ({
    email: email.address,
    outcome: 'invalid',
    reason,
  });
  const refused = await refusal(core, tenantId, email);
  if (refused) return refused;
  const loginType = await loginTypeFor(core, tenantId, email, input.loginType);
  if (!loginType) return invalid('no SSO connection answers for this domain');
  const { settings } = await tenantConfig(core, tenantId);
  const entry = await prepareEntry(core, settings, loginType);
  const user: UserInput = {
    userName: email.address,
    externalId: null,
    attributes: withAccess(withProfile({}, { ...input.profile, email: email.address }), {
      services: input.services,
    }),
    active: true,
    loginType,
    roles: input.roles,
    accessExpiresAt: input.accessExpiresAt,
  };
  try {
    await core.store.transaction(function* (tx) {
      const context = yield* openWrite(tx, core, actor);
      const invitationId = newId();
      const stored = yield* createUserStep(context, user, { source: 'invite', invitationId }, undefined);
      yield* joinGroups(context, stored, input.groups ?? []);
      yield* mailEntry(context, stored, entry, { message: input.message, invitationId });
      yield* insertInvitation(context, invitationId, stored, input);
      yield* recordInvitation(context, stored, 'invitation.sent');
    });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'store.duplicate') throw error;
    return (
      (await refusal(core, tenantId, email)) ?? invalid('the address was taken and freed again; try again')
    );
  }
  return { email: email.address, outcome: 'invited', reason: null };
}

/** @throws AppError `input.invalid` where the tenant wants a role in each invitation (M0-10). */
function requireRolesNamed({ settings }: TenantConfig, roles: readonly string[]): void {
  if (roles.length > 0 || !settings['invites.rolesRequired']) return;
  throw new AppError('input.invalid', 'choose a role', {
    errors: [{ pointer: '/roles', detail: 'choose a role' }],
  });
}

/**
 * Invites people: for each new address a user who waits for activation, with the roles given, and a mail with the way in. Addresses are
 * judged one by one; a repeated one is invited once.
 *
 * @throws AppError `user.adding_off`, `input.invalid`, `role.not_grantable`: nobody is invited.
 */
export async function invite(core: Core, actor: Actor, input: InvitationInput): Promise<InvitationResult[]> {
  const config = await tenantConfig(core, actor.tenantId);
  requireAddingAllowed({ actor, config });
  requireRolesNamed(config, input.roles);
  requireGivable({ actor, config }, input.roles, []);
  const named = new Set<string>();
  const results: InvitationResult[] = [];
  for (const text of input.emails) {
    const email = parseEmail(text);
    if (!email) {
      results.push({ email: text, outcome: 'invalid', reason: 'Enter a valid email' });
      continue;
    }
    if (named.has(email.key)) {
      results.push({ email: email.address, outcome: 'pending', reason: 'the address is in the list twice' });
      continue;
    }
    named.add(email.key);
    results.push(await inviteAddress(core, actor, email, input));
  }
  wakeJobs(core);
  return results;
}
