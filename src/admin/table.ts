import { packageVersion } from '../infrastructure/package-info.js';
import { accessReviewRoutes } from './api/access-review.js';
import { allSessionRoutes } from './api/all-sessions.js';
import { apiKeyRoutes } from './api/api-keys.js';
import { applicationClaimRoutes } from './api/application-claims.js';
import { applicationRoutes } from './api/applications.js';
import { attributeRoutes } from './api/attributes.js';
import { auditEventRoutes } from './api/audit-events.js';
import { bulkRoutes } from './api/bulk.js';
import { importRoutes } from './api/imports.js';
import { directoryRoutes } from './api/directories.js';
import { directoryClientRoutes } from './api/directory-clients.js';
import { heldChangeRoutes } from './api/held-changes.js';
import { directoryPullRoutes } from './api/directory-pulls.js';
import { directoryRequestRoutes } from './api/directory-requests.js';
import { directoryAdviceRoutes } from './api/directory-advice.js';
import { directoryMappingRoutes } from './api/directory-mapping.js';
import { directoryRuleRoutes } from './api/directory-rules.js';
import { directoryTokenRoutes } from './api/directory-tokens.js';
import { eventRoutes } from './api/events.js';
import { exportRoutes } from './api/exports.js';
import { groupMemberRoutes } from './api/group-members.js';
import { groupRoutes } from './api/groups.js';
import { jobRoutes } from './api/jobs.js';
import { meTwoFactorRoutes } from './api/me-two-factor.js';
import { invitationRoutes } from './api/invitations.js';
import { mePasskeyRoutes } from './api/me-passkeys.js';
import { listFacetRoutes } from './api/list-facets.js';
import { meRoutes } from './api/me.js';
import { privacyRoutes } from './api/privacy.js';
import { roleRequestRoutes } from './api/role-requests.js';
import { roleRoutes } from './api/roles.js';
import { savedViewRoutes } from './api/saved-views.js';
import { settingsRoutes } from './api/settings.js';
import { ssoConnectionRoutes } from './api/sso-connections.js';
import { leaverRoutes } from './api/leavers.js';
import { signInRoutes } from './api/sign-ins.js';
import { userActionRoutes } from './api/user-actions.js';
import { userFacetRoutes } from './api/user-facets.js';
import { setupLinkRoutes } from './api/setup-links.js';
import { accountClashRoutes } from './api/account-clashes.js';
import { ssoSignInRoutes } from './api/sso-sign-ins.js';
import { breakGlassRoutes } from './api/break-glass.js';
import { userIdentityRoutes } from './api/user-identities.js';
import { userRoleRoutes } from './api/user-roles.js';
import { userCredentialRoutes } from './api/user-credentials.js';
import { userRoutes } from './api/users.js';
import { watchRoutes } from './api/watch.js';
import { webhookRoutes } from './api/webhooks.js';
import { operatorRoutes } from './api/operator.js';
import { tenantFeatureRoutes } from './api/tenant-features.js';
import { tenantRoutes } from './api/tenants.js';
import { openApiDocument } from './openapi.js';
import type { Route } from './route.js';

/** Every route of `/api/v1`: what express serves and what the OpenAPI document describes. */
export const routeTable: readonly Route[] = [
  ...userRoutes,
  ...userActionRoutes,
  ...userIdentityRoutes,
  ...breakGlassRoutes,
  ...accountClashRoutes,
  ...ssoSignInRoutes,
  ...setupLinkRoutes,
  ...userFacetRoutes,
  ...listFacetRoutes,
  ...allSessionRoutes,
  ...userRoleRoutes,
  ...privacyRoutes,
  ...userCredentialRoutes,
  ...invitationRoutes,
  ...groupRoutes,
  ...groupMemberRoutes,
  ...roleRoutes,
  ...roleRequestRoutes,
  ...attributeRoutes,
  ...applicationRoutes,
  ...applicationClaimRoutes,
  ...ssoConnectionRoutes,
  ...directoryRoutes,
  ...directoryTokenRoutes,
  ...directoryClientRoutes,
  ...directoryRuleRoutes,
  ...directoryMappingRoutes,
  ...directoryAdviceRoutes,
  ...directoryPullRoutes,
  ...heldChangeRoutes,
  ...watchRoutes,
  ...directoryRequestRoutes,
  ...apiKeyRoutes,
  ...settingsRoutes,
  ...auditEventRoutes,
  ...savedViewRoutes,
  ...exportRoutes,
  ...bulkRoutes,
  ...importRoutes,
  ...accessReviewRoutes,
  ...eventRoutes,
  ...webhookRoutes,
  ...jobRoutes,
  ...tenantRoutes,
  ...tenantFeatureRoutes,
  ...operatorRoutes,
  ...meRoutes,
  ...meTwoFactorRoutes,
  ...mePasskeyRoutes,
  ...leaverRoutes,
  ...signInRoutes,
];

/** @param server - `BASE_URL`. */
export function apiDocument(server: string): ReturnType<typeof openApiDocument> {
  return openApiDocument(routeTable, server, packageVersion);
}
