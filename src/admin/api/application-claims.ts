import { previewClaims } from '../../auth/provider/claims-preview.js';
import { requirePermission } from '../../identity/permissions.js';
import { userStatuses } from '../../identity/grants/user-status.js';
import { getUser } from '../../identity/users/users.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';
import { targetApplication } from './application-target.js';

const preview = route({
  method: 'get',
  path: '/applications/{id}/claims-preview',
  id: 'previewApplicationClaims',
  summary: 'What the application would get of a person who signed in now; no session begins',
  tag: 'Applications',
  permission: 'applications.manage',
  target: targetApplication,
  query: z.strictObject({
    user: z.string().min(1).max(200).describe('id of the user; needs `users.read`'),
  }),
  output: z
    .strictObject({
      status: z.enum(userStatuses),
      maySignIn: z.boolean().describe('whether this status lets the person sign in'),
      allowed: z.boolean().describe('whether `access` lets the person use the application'),
      claims: z
        .record(z.string(), z.unknown())
        .describe('of all scopes; without `amr` and `sid`, which belong to a sign-in'),
    })
    .openapi('ClaimsPreview'),
  async handler({ core, actor, config, query, target }) {
    requirePermission(actor, 'users.read');
    const user = await getUser(core, actor.tenantId, query.user);
    const { isAllowed, ...told } = await previewClaims(core, target.application, user, config);
    return { body: { ...told, claims: { ...told.claims }, allowed: isAllowed } };
  },
});

export const applicationClaimRoutes: readonly Route[] = [preview];
