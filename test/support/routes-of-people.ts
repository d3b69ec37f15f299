/** Writing routes that a session is needed for: what people change of themselves, and the end of a session. */
export const routesOfPeople = [
  'PATCH /me',
  'POST /me/password',
  'POST /me/email',
  'DELETE /me/sessions/{id}',
  'DELETE /me/sessions',
  'POST /me/2fa/confirm',
  'DELETE /me/2fa',
  'POST /me/2fa/backup-codes',
  'POST /me/passkeys',
  'PATCH /me/passkeys/{id}',
  'DELETE /me/passkeys/{id}',
  'DELETE /me/consents/{id}',
  'DELETE /users/{id}/sessions/{sessionId}',
] as const;

export type RouteOfPeople = (typeof routesOfPeople)[number];
