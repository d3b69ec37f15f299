import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import { AppError } from '../../shared/errors.js';
import type { Core } from '../core.js';
import { parseEmail } from '../email.js';
import { findConnectionByDomain } from './by-domain.js';
import { tenantConfig } from '../tenants/config.js';
import { viewUser } from '../users/view.js';
import type { UserStatus } from '../grants/user-status.js';
import { findUserByLogin } from '../users/users.js';
import { jitNow } from './jit.js';
import { realmOf, type Realm } from './home-realm.js';

/** Where an address would sign in, and why: what an administrator asks when somebody ends up at the wrong door. */
export interface SignInTrace {
  email: string;
  domain: string;
  /** `choice`: a password here, with the company's login offered beside it. */
  outcome: Realm;
  connection: { id: string; name: string; mode: SsoConnectionDocument['mode'] } | null;
  user: { id: string; status: UserStatus } | null;
  /** In the order in which they are decided. */
  steps: string[];
}

function describeDomain(
  domain: string,
  connections: readonly SsoConnectionDocument[],
  holder: SsoConnectionDocument | undefined,
): string {
  if (holder && !holder.verifiedDomains.includes(domain))
    return `${domain} is below a domain that is verified for ${holder.name} with those below it`;
  const named =
    holder ?? connections.find((connection) => connection.domains.some((entry) => entry.domain === domain));
  if (!named) return `no connection names ${domain}, nor a domain above it together with those below`;
  return named === holder
    ? `${domain} is verified for ${named.name}`
    : `${domain} is named by ${named.name}, but not verified: it does not count yet`;
}

const modeSteps = {
  off: 'that connection is off: users sign in here, with a password',
  optional: 'that connection is optional: a password here, or the company’s login by a link beside it',
  required:
    'that connection is required: everybody of the domain is forwarded, known or not, before any password',
} as const;

async function describeUser(core: Core, tenantId: string, login: string, jit: boolean) {
  const stored = await findUserByLogin(core, tenantId, login);
  if (!stored) {
    const step = jit ? 'there is no such user: the first sign-in would create it' : 'there is no such user';
    return { user: null, step };
  }
  const { user, status } = await viewUser(core, await tenantConfig(core, tenantId), stored);
  return { user: { id: user._id, status }, step: `the user is there and ${status.replaceAll('_', ' ')}` };
}

/**
 * Follows the path of a sign-in with this address, without signing anybody in.
 *
 * @throws AppError `input.invalid` for what is no address.
 */
export async function traceSignIn(core: Core, tenantId: string, text: string): Promise<SignInTrace> {
  const email = parseEmail(text);
  if (!email) {
    throw new AppError('input.invalid', 'Enter a valid email', {
      errors: [{ pointer: '?email', detail: 'Enter a valid email' }],
    });
  }
  const connections = await core.store.tenant(tenantId).collection('sso_connections').find({});
  const answering = await findConnectionByDomain(core, email.domain);
  const connection = connections.find(({ _id }) => _id === answering?._id);
  const outcome = realmOf(connection);
  const config = await tenantConfig(core, tenantId);
  const jit = outcome !== 'local' && connection !== undefined && jitNow(connection, config) === 'create';
  const { user, step } = await describeUser(core, tenantId, email.address, jit);
  return {
    email: email.address,
    domain: email.domain,
    outcome,
    connection: connection ? { id: connection._id, name: connection.name, mode: connection.mode } : null,
    user,
    steps: [
      `the address is well formed, its domain is ${email.domain}`,
      describeDomain(email.domain, connections, connection),
      ...(connection ? [modeSteps[connection.mode]] : ['users sign in here, with a password']),
      step,
    ],
  };
}
