/**
 * The built-in tenant whose users are the operator's staff. Its id is fixed, so that no other tenant can become it; the first operator key
 * or the bootstrap file makes it.
 */
export const operatorTenant = {
  id: 'operator',
  slug: 'operator',
  name: 'Operator',
  preset: 'operator',
} as const;

/** Matches the tenants of customers: all but the operator's own. */
export const isCustomer = { _id: { $ne: operatorTenant.id } } as const;
