import { AppError, type InputFault } from '../../shared/errors.js';
import { hasHiddenCharacter } from '../../shared/hidden-characters.js';
import { hashToken, newId, newToken } from '../../shared/ids.js';
import { isSameSecret } from '../../shared/same-secret.js';
import { systemActor, type Origin } from '../actors.js';
import { createApiKeyStep } from '../applications/api-keys.js';
import type { Core } from '../core.js';
import { writeTurn } from '../users/credentials.js';
import { parseEmail } from '../email.js';
import { inputLimits } from '../users/input-limits.js';
import { findKeptKey, keptKey } from '../keys/kept-keys.js';
import { createOperatorKey } from '../operator/keys.js';
import { passwordFault, passwordRule } from '../passwords/policy.js';
import { buildTenantConfig } from '../tenants/config.js';
import { isCustomer, operatorTenant } from '../tenants/operator-tenant.js';
import { nestSettings, presetNames } from '../tenants/settings.js';
import { reservedSlug, slugOf, slugRule, slugShape } from '../tenants/slug.js';
import { createTenantStep, type TenantDocument } from '../tenants/tenants.js';
import { withProfile } from '../users/input.js';
import { createUserStep, type UserDocument } from '../users/users.js';
import { openWrite } from '../users/save.js';

/** What is asked once, of whoever sets a server up. Texts as they were typed. */
export interface FirstRunInput {
  organization: string;
  /** Empty: made of the organization's name. */
  slug: string;
  preset: string;
  givenName: string;
  familyName: string;
  email: string;
  password: string;
  /** Whether the server is for many organizations: then there is a key of the operator too. */
  isForMany: boolean;
}

/** What a first run made; the keys are in clear this once. */
export interface FirstRun {
  tenant: TenantDocument;
  user: UserDocument;
  apiKey: string;
  /** Where the server is for many organizations. */
  operatorKey?: string;
}

/** Name of the kept key that is the token: every process of a server knows it, and whoever takes it away has used it. */
const keyName = 'first-run';
/** The role that every preset has. */
const administrator = 'administrator';
/** As in the bootstrap file. */
const maxNameLength = 255;

/** Whether nothing has been set up on this server yet. */
export async function isUnused(core: Core): Promise<boolean> {
  return (await core.store.server.collection('tenants').findOne(isCustomer)) === undefined;
}

/**
 * The token of the first run's address: the same at each start and in each process, as long as there is no tenant.
 *
 * @returns undefined once there is one.
 */
export async function firstRunToken(core: Core): Promise<string | undefined> {
  return (await isUnused(core)) ? keptKey(core, keyName) : undefined;
}

/** Whether a first run may be made with this token now. */
export async function isFirstRunToken(core: Core, token: string): Promise<boolean> {
  const kept = await findKeptKey(core, keyName);
  if (kept === undefined || !(await isUnused(core))) return false;
  return isSameSecret(hashToken(kept), hashToken(token));
}

function nameFault(field: 'givenName' | 'familyName', name: string): InputFault[] {
  if (name.length <= inputLimits.name) return [];
  return [{ pointer: `/${field}`, detail: `must have at most ${inputLimits.name} characters` }];
}

function organizationFault(name: string): InputFault[] {
  const pointer = '/organization';
  if (name === '') return [{ pointer, detail: 'is missing' }];
  if (name.length > maxNameLength)
    return [{ pointer, detail: `must have at most ${maxNameLength} characters` }];
  if (hasHiddenCharacter(name)) return [{ pointer, detail: 'must not hold invisible or control characters' }];
  return [];
}

function slugFault(slug: string): InputFault[] {
  const pointer = '/slug';
  if (!slugShape.test(slug)) return [{ pointer, detail: slugRule }];
  return slug === operatorTenant.slug ? [{ pointer, detail: reservedSlug }] : [];
}

/** The tenant as it will be stored. */
function draftOf({ organization, slug, preset }: FirstRunInput, id: string, now: Date): TenantDocument {
  const name = organization.trim();
  const dates = { version: 1, createdAt: now, updatedAt: now };
  const wanted = slug.trim() === '' ? slugOf(name) : slug.trim();
  return { _id: id, tenantId: id, ...dates, slug: wanted, name, preset, settings: nestSettings({}) };
}

/**
 * Judges everything at once, by the rules of every other way in.
 *
 * @throws AppError `input.invalid` with a pointer for each field.
 */
function judge(input: FirstRunInput, tenant: TenantDocument): { email: string } {
  const email = parseEmail(input.email);
  const isPreset = presetNames.some((name) => name === input.preset);
  const owner = {
    userName: email?.address ?? input.email,
    attributes: withProfile({}, { givenName: input.givenName, familyName: input.familyName }),
  };
  const weak = isPreset
    ? passwordFault(input.password, passwordRule(buildTenantConfig({ tenant })), owner)
    : undefined;
  const errors: InputFault[] = [
    ...organizationFault(tenant.name),
    ...slugFault(tenant.slug),
    ...(isPreset ? [] : [{ pointer: '/preset', detail: `must be one of ${presetNames.join(', ')}` }]),
    ...nameFault('givenName', input.givenName),
    ...nameFault('familyName', input.familyName),
    ...(email && email.address.length <= inputLimits.email
      ? []
      : [{ pointer: '/email', detail: 'must be a valid email address' }]),
    ...(weak === undefined ? [] : [{ pointer: '/password', detail: weak }]),
  ];
  if (errors.length > 0 || !email)
    throw new AppError('input.invalid', 'the first run cannot be made like this', { errors });
  return { email: email.address };
}

/**
 * Makes the first tenant, its administrator and a key for the API, in one transaction; of several at once one is first.
 *
 * @returns undefined when the token is not, or no longer, good.
 * @throws AppError `input.invalid` with a pointer for each fault; the token stays good.
 */
export async function makeFirstRun(
  core: Core,
  token: string,
  input: FirstRunInput,
  origin: Origin,
): Promise<FirstRun | undefined> {
  if (!(await isFirstRunToken(core, token))) return undefined;
  const now = core.clock.now();
  const draft = draftOf(input, newId(), now);
  const { email } = judge(input, draft);
  const actor = { ...systemActor(draft._id, 'first run'), ...origin };
  const profile = { email, givenName: input.givenName.trim(), familyName: input.familyName.trim() };
  const person = {
    userName: email,
    externalId: null,
    attributes: withProfile({}, profile),
    active: true,
    approved: true,
    roles: [administrator],
  };
  const passwordHash = await core.passwords.hash(input.password, writeTurn(draft._id));
  const apiKey = newToken('gh_sk');
  const made = await core.store.transaction(function* (tx) {
    // The one step that only one can make: the token is gone with it.
    const isFirst = yield* tx.server.collection('kept_keys').remove(keyName);
    if (!isFirst || (yield* tx.server.collection('tenants').findOne(isCustomer))) return undefined;
    const tenant = yield* createTenantStep(tx, actor, { ...draft, settings: {} }, now);
    const user = yield* createUserStep(
      yield* openWrite(tx, core, actor),
      person,
      { activated: true },
      passwordHash,
    );
    yield* createApiKeyStep(core, tx, actor, { name: 'first run', role: administrator, key: apiKey }, now);
    return { tenant, user, apiKey };
  });
  if (!made || !input.isForMany) return made;
  const operator = { ...systemActor(operatorTenant.id, 'first run'), ...origin };
  const { key: operatorKey } = await createOperatorKey(core, operator, { name: 'first run' });
  return { ...made, operatorKey };
}
