/** Which unknown people a connection lets in. */
export type Jit = 'off' | 'invited' | 'create';

/** What a test sign-in found. */
export interface SsoTestReport {
  account: 'known' | 'link' | 'create' | 'refused';
  reason: string | null;
  user: { id: string; label: string } | null;
  roles: { role: string; because: string }[];
  lacking: { what: string; hint: string }[];
  claims: { name: string; value: string }[];
}

/** One sign-in at a company’s provider, or a test of one. */
export interface SsoSignIn {
  id: string;
  kind: 'sign_in' | 'test';
  state: 'new' | 'waiting' | 'admitted' | 'refused' | 'failed' | 'passed';
  startedAt: string;
  stage: string | null;
  reason: string | null;
  hint: string | null;
  reference: string | null;
  person: string | null;
  report: SsoTestReport | null;
}

/** An administrator who may come in past a required company sign-in. */
export interface BreakGlassEntry {
  user: { id: string; email: string | null; displayName: string };
  armedUntil: string | null;
  armed: boolean;
  hasSecondFactor: boolean;
}

export interface SsoDomain {
  domain: string;
  verified: boolean;
  verifiedAt: string | null;
  /** Whether the domains below it are meant too. */
  subdomains: boolean;
  checkedAt: string | null;
  missingSince: string | null;
  /** When it will count no more; null: its record is there. */
  endsAt: string | null;
  record: { type: string; name: string; value: string };
}

/** A link by which a company’s IT sets something up. */
export interface SetupLink {
  id: string;
  name: string;
  purpose: 'oidc' | 'saml' | 'scim' | 'domains' | 'renewal';
  steps: ('provider' | 'dns' | 'mail')[];
  state: 'open' | 'expired' | 'revoked';
  connectionId: string | null;
  directoryId: string | null;
  email: string | null;
  maker: string;
  createdAt: string;
  expiresAt: string;
  lastUsedAt: string | null;
}

/** An identity or a person of a directory that met an account here. */
export interface AccountClash {
  id: string;
  source: 'sso' | 'scim';
  from: { id: string; name: string };
  incoming: string;
  user: { id: string; label: string } | null;
  reason: string;
  times: number;
  lastSeenAt: string;
  state: 'open' | 'decided';
  decision: 'link' | 'apart' | 'merge' | 'rename' | null;
}

/** What became of one line of a file of decisions. */
export interface ClashResult {
  line: number;
  id: string;
  outcome: 'done' | 'failed';
  reason: string | null;
}

/** What a provider says of itself. */
export interface SsoPreview {
  issuer: string | null;
  endpoints: { token: string | null };
  algorithms: string[];
  clientAuthMethods: string[];
  clockSkewSeconds: number | null;
  tls: { validUntil: string | null } | null;
  findings: { level: 'fault' | 'warning' | 'note'; detail: string }[];
}
