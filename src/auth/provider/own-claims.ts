import type { Provider as ProviderClass } from 'oidc-provider';

/** Where the claims an application has configured stand among an account's claims: the library lets only names through that it knows. */
const configured = Symbol('configured claims');

type Claims = Record<string | symbol, unknown>;

/** The claims of an account with those that the application has configured. */
export function withConfiguredClaims<C extends object>(claims: C, own: Readonly<Record<string, unknown>>): C {
  return { ...claims, [configured]: own };
}

interface ClaimsOfAccount {
  readonly available: Claims;
  result: (this: ClaimsOfAccount) => Promise<Record<string, unknown>>;
}

interface ClaimsClass {
  readonly prototype: ClaimsOfAccount;
}

/** Puts the configured claims into what the library makes of an account's claims: the ID token and userinfo, whatever the scopes. */
export function tellConfiguredClaims(provider: ProviderClass): void {
  // The library's own class of claims: its types leave it out.
  const { prototype } = Reflect.get<object, string>(provider, 'Claims') as ClaimsClass;
  const { result } = prototype;
  prototype.result = async function withConfigured(this: ClaimsOfAccount) {
    const told = await result.call(this);
    return { ...(this.available[configured] as Record<string, unknown> | undefined), ...told };
  };
}
