import { randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import type {
  ClientMetadata,
  Configuration,
  interactionPolicy as policies,
  Provider as OpenIdProvider,
} from 'oidc-provider';
import { interactionPolicy, Provider } from '../infrastructure/oidc-provider-library.js';
import type { Clock } from '../shared/clock.js';
import { mayUseGatehouse, type Company, type Employee } from './company.js';
import { memoryAdapter } from './memory-adapter.js';
import { fullName } from './person.js';

/** Who may ask the company to sign people in. */
export interface CompanyClient {
  clientId: string;
  clientSecret: string;
  redirectUri: string;
}

/** Entra says nothing of `email_verified`; the others do. */
function claimsOf(company: Company, employee: Employee): Record<string, unknown> {
  const { person } = employee;
  return {
    email: person.userName,
    ...(!company.profile.startsWith('entra') && { email_verified: true }),
    name: fullName(person),
    given_name: person.givenName,
    family_name: person.familyName,
    preferred_username: person.userName,
  };
}

/** A person whose session at the company is still open after they were unassigned is asked to sign in again. */
function policyOf(company: Company): policies.DefaultPolicy {
  const policy = interactionPolicy.base();
  policy.get('login')?.checks.add(
    new interactionPolicy.Check(
      'not_assigned',
      'this account may not use the application',
      'login_required',
      (ctx) => {
        const accountId = ctx.oidc.session?.accountId;
        return accountId !== undefined && mayUseGatehouse(company, accountId) === undefined;
      },
    ),
  );
  return policy;
}

function clientOf(client: CompanyClient): ClientMetadata {
  return {
    client_id: client.clientId,
    client_secret: client.clientSecret,
    redirect_uris: [client.redirectUri],
    response_types: ['code'],
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'client_secret_basic',
  };
}

async function signingKey(): Promise<Record<string, unknown>> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: randomBytes(8).toString('hex') };
}

/** Cookies ignore ports: on one host every company needs names of its own. */
function cookiesOf(company: Company): Configuration['cookies'] {
  const prefix = `sim_${company.slug}`;
  const kind = { signed: true, httpOnly: true, sameSite: 'lax' } as const;
  return {
    keys: [randomBytes(32).toString('base64url')],
    names: {
      session: `${prefix}_session`,
      interaction: `${prefix}_interaction`,
      resume: `${prefix}_resume`,
    },
    long: kind,
    short: kind,
  };
}

function lifetimes(): Configuration['ttl'] {
  return {
    AccessToken: 3600,
    AuthorizationCode: 60,
    Grant: 86_400,
    IdToken: 3600,
    Interaction: 600,
    Session: 86_400,
  };
}

/**
 * The company's own OpenID provider: its users, chosen by a click, in memory.
 *
 * @param issuer - the company's address.
 */
export async function companyProvider(
  company: Company,
  issuer: string,
  client: CompanyClient,
  clock: Clock,
): Promise<OpenIdProvider> {
  return new Provider(issuer, {
    adapter: memoryAdapter(() => clock.now().getTime()),
    clients: [clientOf(client)],
    jwks: { keys: [await signingKey()] },
    findAccount: (_ctx, id) => {
      const employee = mayUseGatehouse(company, id);
      return employee && { accountId: id, claims: () => ({ sub: id, ...claimsOf(company, employee) }) };
    },
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'given_name', 'family_name', 'preferred_username'],
    },
    conformIdTokenClaims: false,
    cookies: cookiesOf(company),
    features: { devInteractions: { enabled: false } },
    interactions: { policy: policyOf(company), url: (_ctx, interaction) => `/sign-in/${interaction.uid}` },
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({
        accountId: ctx.oidc.session?.accountId ?? '',
        clientId: ctx.oidc.client?.clientId ?? '',
      });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
    pkce: { required: () => false },
    renderError: (ctx, out) => {
      ctx.type = 'json';
      ctx.body = out;
    },
    ttl: lifetimes(),
  });
}
