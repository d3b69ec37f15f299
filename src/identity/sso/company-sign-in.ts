import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Core } from '../core.js';
import { parseEmail } from '../email.js';
import { mayGoPastStep } from '../users/break-glass.js';
import { findConnectionByDomain } from './by-domain.js';
import { realmOf } from './home-realm.js';

type Person = Pick<UserDocument, '_id' | 'tenantId' | 'loginKeys'>;

/** The connection that alone signs in whoever has an address of this person's. */
async function companyOf(core: Core, user: Person): Promise<SsoConnectionDocument | undefined> {
  for (const key of user.loginKeys) {
    const domain = parseEmail(key)?.domain;
    const connection = domain === undefined ? undefined : await findConnectionByDomain(core, domain);
    if (connection?.tenantId === user.tenantId && realmOf(connection) === 'forwarded') return connection;
  }
  return undefined;
}

/**
 * Whether a user may come in past a required company sign-in now: armed, with a password or passkey and a second factor, and still an active
 * administrator. Who is none any more keeps no way in that the company does not know of.
 */
export function mayGoPast(core: Core, { _id, tenantId }: Pick<Person, '_id' | 'tenantId'>): Promise<boolean> {
  return core.store.read((reader) => mayGoPastStep(core, reader, tenantId, _id));
}

/**
 * The connection whose provider alone signs this person in: any name they could sign in with is on a domain that their tenant requires it
 * for. No password of theirs counts then, whichever name it comes with, at no step: sign-in, second factor, reset, activation. An armed
 * administrator for emergencies who has a second factor is exempt.
 *
 * @returns undefined: a password counts.
 */
export async function requiredConnectionOf(
  core: Core,
  user: Person,
): Promise<SsoConnectionDocument | undefined> {
  const connection = await companyOf(core, user);
  return connection && !(await mayGoPast(core, user)) ? connection : undefined;
}

/** The connection that an armed administrator for emergencies goes past by signing in here; undefined: there is nothing to go past. */
export async function bypassedConnectionOf(
  core: Core,
  user: Person,
): Promise<SsoConnectionDocument | undefined> {
  const connection = await companyOf(core, user);
  return connection && (await mayGoPast(core, user)) ? connection : undefined;
}
