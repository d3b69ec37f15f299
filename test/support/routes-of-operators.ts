/** Writing routes for the operator of the server alone. */
export const routesOfOperators = [
  'POST /tenants',
  'PATCH /tenants/{id}',
  'PATCH /tenants/{id}/features',
  'DELETE /tenants/{id}',
  'POST /tenants/{id}/suspend',
  'POST /tenants/{id}/resume',
  'POST /operator-keys',
  'DELETE /operator-keys/{id}',
] as const;

export type RouteOfOperators = (typeof routesOfOperators)[number];
