/** A tenant's short name, as it stands in addresses. */
export const slugShape = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** The same in words, to be read after "the slug". */
export const slugRule = 'must be lower-case letters, digits and inner hyphens';

/** A slug made of a tenant's name: `Müller & Söhne` is `muller-sohne`; `main` where nothing of the name can stand in one. */
export function slugOf(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
  return plain === '' ? 'main' : plain;
}

/** Why a tenant cannot have the slug of the operator's own tenant, to be read after "the slug". */
export const reservedSlug = 'is reserved for the tenant of the operator';
