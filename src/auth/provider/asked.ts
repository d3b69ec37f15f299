import type { Grant, KoaContextWithOIDC } from 'oidc-provider';
import { resourceScopesOf } from './resources.js';

/** What an authorization request asks for. */
export interface Asked {
  scopes: string[];
  claims: string[];
  resources: ReadonlyMap<string, readonly string[]>;
}

/** How a consent names a claim that was asked for by name, and a scope of an API. */
export const claimWord = (claim: string): string => `claim ${claim}`;
export const resourceWord = (resource: string, scope: string): string => `${resource} ${scope}`;

/** @param granted - what of it the person agreed to, in the words of a consent; absent: all of it. */
export function askedOf(ctx: KoaContextWithOIDC, granted?: ReadonlySet<string>): Asked {
  const may = (word: string): boolean => granted === undefined || granted.has(word);
  const resources = [...resourceScopesOf(ctx)].map(
    ([resource, scopes]) => [resource, scopes.filter((scope) => may(resourceWord(resource, scope)))] as const,
  );
  return {
    scopes: [...ctx.oidc.requestParamOIDCScopes].filter(may),
    claims: [...ctx.oidc.requestParamClaims].filter((claim) => may(claimWord(claim))),
    resources: new Map(resources),
  };
}

const within = (wanted: readonly string[], held: readonly string[]): boolean =>
  wanted.every((one) => held.includes(one));

export function isGranted(grant: Grant, { scopes, claims, resources }: Asked): boolean {
  return (
    within(scopes, grant.getOIDCScope().split(' ')) &&
    within(claims, grant.getOIDCClaims()) &&
    [...resources].every(([resource, wanted]) => within(wanted, grant.getResourceScope(resource).split(' ')))
  );
}

export function grantAsked(grant: Grant, { scopes, claims, resources }: Asked): void {
  if (scopes.length > 0) grant.addOIDCScope(scopes);
  if (claims.length > 0) grant.addOIDCClaims(claims);
  for (const [resource, wanted] of resources)
    if (wanted.length > 0) grant.addResourceScope(resource, [...wanted]);
}
