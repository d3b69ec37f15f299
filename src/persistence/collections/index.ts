import type { Schema } from 'mongoose';
import * as access from './access.js';
import * as apiKeys from './api-keys.js';
import * as applications from './applications.js';
import * as attributes from './attributes.js';
import * as bootstrap from './bootstrap.js';
import * as bulk from './bulk.js';
import { consentSchema, type ConsentDocument } from './consents.js';
import * as credentials from './credentials.js';
import * as directories from './directories.js';
import { directoryGuardSchema, type DirectoryGuardDocument } from './directory-guards.js';
import * as events from './events.js';
import * as feeds from './feeds.js';
import * as groups from './groups.js';
import { heartbeatSchema, type HeartbeatDocument } from './heartbeats.js';
import * as identities from './identities.js';
import * as invitations from './invitations.js';
import * as keptAnswers from './kept-answers.js';
import * as keptKeys from './kept-keys.js';
import * as leavers from './leavers.js';
import * as mails from './mails.js';
import * as operator from './operator.js';
import * as pulls from './pulls.js';
import * as roleRequests from './role-requests.js';
import * as scimCredentials from './scim-credentials.js';
import * as scimRequests from './scim-requests.js';
import { accountClashSchema, type AccountClashDocument } from './account-clashes.js';
import { ssoSignInSchema, type SsoSignInDocument } from './sso-sign-ins.js';
import * as connections from './sso-connections.js';
import * as setupLinks from './setup-links.js';
import * as savedViews from './saved-views.js';
import * as tenants from './tenants.js';
import * as users from './users.js';
import { signInFlowSchema, type SignInFlowDocument } from './sign-in-flows.js';

/** Every collection and the documents it holds. */
export interface Documents {
  access_ends: leavers.AccessEndDocument;
  address_domains: access.AddressDomainDocument;
  address_lockouts: access.AddressLockoutDocument;
  api_keys: apiKeys.ApiKeyDocument;
  application_keys: applications.ApplicationKeyDocument;
  applications: applications.ApplicationDocument;
  audit_events: events.AuditEventDocument;
  audit_seals: events.AuditSealDocument;
  audit_trails: events.AuditTrailDocument;
  bootstrap_entries: bootstrap.BootstrapEntryDocument;
  bulk_jobs: bulk.BulkJobDocument;
  bulk_parts: bulk.BulkPartDocument;
  consents: ConsentDocument;
  credentials: credentials.CredentialDocument;
  deviation_counts: scimRequests.DeviationCountDocument;
  directories: directories.DirectoryDocument;
  directory_guards: DirectoryGuardDocument;
  directory_pulls: pulls.DirectoryPullDocument;
  event_cursors: feeds.EventCursorDocument;
  event_feeds: feeds.EventFeedDocument;
  event_runs: feeds.EventRunDocument;
  groups: groups.GroupDocument;
  heartbeats: HeartbeatDocument;
  identities: identities.IdentityDocument;
  invitations: invitations.InvitationDocument;
  jobs: events.JobDocument;
  kept_answers: keptAnswers.KeptAnswerDocument;
  kept_keys: keptKeys.KeptKeyDocument;
  logout_deliveries: leavers.LogoutDeliveryDocument;
  mails: mails.MailDocument;
  oidc_payloads: access.OidcPayloadDocument;
  one_time_tokens: access.OneTimeTokenDocument;
  operator_keys: operator.OperatorKeyDocument;
  role_requests: roleRequests.RoleRequestDocument;
  roles: tenants.RoleDocument;
  scim_clients: scimCredentials.ScimClientDocument;
  scim_requests: scimRequests.ScimRequestDocument;
  scim_tokens: scimCredentials.ScimTokenDocument;
  saved_views: savedViews.SavedViewDocument;
  sessions: access.SessionDocument;
  setup_links: setupLinks.SetupLinkDocument;
  sign_in_flows: SignInFlowDocument;
  signing_keys: access.SigningKeyDocument;
  sso_connections: connections.SsoConnectionDocument;
  account_clashes: AccountClashDocument;
  sso_sign_ins: SsoSignInDocument;
  tenants: tenants.TenantDocument;
  user_attributes: attributes.UserAttributeDocument;
  users: users.UserDocument;
  webhook_deliveries: feeds.WebhookDeliveryDocument;
  webhooks: feeds.WebhookDocument;
}

export type CollectionName = keyof Documents;

/** The one definition of every collection, read by both adapters. */
export const schemas: Readonly<Record<CollectionName, Schema>> = {
  access_ends: leavers.accessEndSchema,
  address_domains: access.addressDomainSchema,
  address_lockouts: access.addressLockoutSchema,
  api_keys: apiKeys.apiKeySchema,
  application_keys: applications.applicationKeySchema,
  applications: applications.applicationSchema,
  audit_events: events.auditEventSchema,
  audit_seals: events.auditSealSchema,
  audit_trails: events.auditTrailSchema,
  bootstrap_entries: bootstrap.bootstrapEntrySchema,
  bulk_jobs: bulk.bulkJobSchema,
  bulk_parts: bulk.bulkPartSchema,
  consents: consentSchema,
  credentials: credentials.credentialSchema,
  deviation_counts: scimRequests.deviationCountSchema,
  directories: directories.directorySchema,
  directory_guards: directoryGuardSchema,
  directory_pulls: pulls.directoryPullSchema,
  event_cursors: feeds.eventCursorSchema,
  event_feeds: feeds.eventFeedSchema,
  event_runs: feeds.eventRunSchema,
  groups: groups.groupSchema,
  heartbeats: heartbeatSchema,
  identities: identities.identitySchema,
  invitations: invitations.invitationSchema,
  jobs: events.jobSchema,
  kept_answers: keptAnswers.keptAnswerSchema,
  kept_keys: keptKeys.keptKeySchema,
  logout_deliveries: leavers.logoutDeliverySchema,
  mails: mails.mailSchema,
  oidc_payloads: access.oidcPayloadSchema,
  one_time_tokens: access.oneTimeTokenSchema,
  operator_keys: operator.operatorKeySchema,
  role_requests: roleRequests.roleRequestSchema,
  roles: tenants.roleSchema,
  scim_clients: scimCredentials.scimClientSchema,
  scim_requests: scimRequests.scimRequestSchema,
  scim_tokens: scimCredentials.scimTokenSchema,
  saved_views: savedViews.savedViewSchema,
  sessions: access.sessionSchema,
  setup_links: setupLinks.setupLinkSchema,
  sign_in_flows: signInFlowSchema,
  signing_keys: access.signingKeySchema,
  sso_connections: connections.ssoConnectionSchema,
  account_clashes: accountClashSchema,
  sso_sign_ins: ssoSignInSchema,
  tenants: tenants.tenantSchema,
  user_attributes: attributes.userAttributeSchema,
  users: users.userSchema,
  webhook_deliveries: feeds.webhookDeliverySchema,
  webhooks: feeds.webhookSchema,
};

/** Indexes of format 1 that no query needs any more. `gatehouse migrate` drops them. */
export const retiredIndexes: Readonly<Partial<Record<CollectionName, readonly string[]>>> = {
  users: ['users_login_keys_everywhere'],
};

/** The names of all collections. */
export const collectionNames = Object.keys(schemas) as CollectionName[];
