import * as client from 'openid-client';

/** What a provider says about a person, after its ID token was verified. */
export interface ProviderClaims {
  issuer: string;
  subject: string;
  email: string | undefined;
  /** undefined: it does not say. */
  emailVerified: boolean | undefined;
  givenName: string | undefined;
  familyName: string | undefined;
  displayName: string | undefined;
  /** Its session, for its back-channel logout. */
  sid: string | null;
}

/** A token that is well signed and says what cannot be. */
export class ImplausibleClaims extends Error {}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, 500) : undefined;

function verifiedFlag(value: unknown): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  return value === true || value === 'true';
}

const toleranceSeconds = 60;

/** The library checks `exp` and `nbf` and lets an `iat` of the future pass; by the machine's clock, as the others are. */
function refuseFromTheFuture(iat: unknown): void {
  if (typeof iat !== 'number' || iat > Date.now() / 1000 + toleranceSeconds) {
    throw new ImplausibleClaims('the ID token was issued in the future');
  }
}

/**
 * The claims of a verified ID token, completed from userinfo when it holds no address (many providers put it there alone).
 *
 * @throws {@link ImplausibleClaims}, openid-client's errors when userinfo is wrong or speaks of somebody else.
 */
export async function readProviderClaims(
  config: client.Configuration,
  tokens: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers,
): Promise<ProviderClaims> {
  const idToken = tokens.claims();
  if (!idToken) throw new ImplausibleClaims('the provider sent no ID token');
  refuseFromTheFuture(idToken.iat);
  const hasUserinfo = config.serverMetadata().userinfo_endpoint !== undefined;
  const needsUserinfo = idToken['email'] === undefined && hasUserinfo;
  const more: Record<string, unknown> = needsUserinfo
    ? await client.fetchUserInfo(config, tokens.access_token, idToken.sub)
    : {};
  const all: Record<string, unknown> = { ...more, ...idToken };
  return {
    issuer: idToken.iss,
    subject: idToken.sub,
    email: text(all['email']),
    emailVerified: verifiedFlag(all['email_verified']),
    givenName: text(all['given_name']),
    familyName: text(all['family_name']),
    displayName: text(all['name']),
    sid: text(idToken['sid']) ?? null,
  };
}
