/** How a connection keeps that the domains below one of its own are its too. */
export const wildcardOf = (domain: string): string => `*.${domain}`;

/**
 * What may stand among a connection's verified domains for an address on this domain: the domain itself, then the wildcards of the domains
 * above it, the nearest first.
 *
 * @param domain - in normal form.
 */
export function namesOf(domain: string): string[] {
  const labels = domain.split('.');
  const above = labels.slice(1, -1).map((_, index) => labels.slice(index + 1).join('.'));
  return [domain, ...above.map(wildcardOf)];
}

/** Whether verified domains answer for a domain: by its own name, or as one of those below theirs. */
export function coversDomain(verified: readonly string[] | ReadonlySet<string>, domain: string): boolean {
  const isThere = (name: string): boolean =>
    'has' in verified ? verified.has(name) : verified.includes(name);
  return namesOf(domain).some(isThere);
}

/** Of several that answer for a domain, the one that names it most closely. */
export function closestTo<T extends { readonly verifiedDomains: readonly string[] }>(
  found: readonly T[],
  domain: string,
): T | undefined {
  for (const name of namesOf(domain)) {
    const holder = found.find(({ verifiedDomains }) => verifiedDomains.includes(name));
    if (holder) return holder;
  }
  return undefined;
}
