import type { CollectionName } from './index.js';

/** A shard key as `sh.shardCollection` takes it. */
export type ShardKey = Readonly<Record<string, 1 | 'hashed'>>;

const tenant: ShardKey = { tenantId: 1 };
const tenantAndId: ShardKey = { tenantId: 1, _id: 1 };
const hashedId: ShardKey = { _id: 'hashed' };
const token: ShardKey = { tokenHash: 1 };

/**
 * How each collection is sharded; null: not at all, as it stays small or is searched across tenants. docs/architecture.md says why.
 *
 * A unique index of a sharded collection begins with the whole shard key: no other can be kept unique over several shards.
 */
export const shardKeys: Readonly<Record<CollectionName, ShardKey | null>> = {
  access_ends: tenantAndId,
  account_clashes: tenant,
  address_domains: { domain: 1 },
  address_lockouts: hashedId,
  api_keys: null,
  application_keys: null,
  applications: null,
  audit_events: tenantAndId,
  audit_seals: tenant,
  audit_trails: null,
  bootstrap_entries: null,
  bulk_jobs: null,
  bulk_parts: null,
  consents: tenantAndId,
  credentials: tenantAndId,
  deviation_counts: null,
  directories: null,
  directory_guards: null,
  directory_pulls: null,
  event_cursors: null,
  event_feeds: null,
  event_runs: tenant,
  groups: tenant,
  heartbeats: null,
  identities: tenant,
  invitations: tenantAndId,
  jobs: null,
  kept_answers: hashedId,
  kept_keys: null,
  logout_deliveries: tenantAndId,
  mails: tenantAndId,
  oidc_payloads: hashedId,
  one_time_tokens: token,
  operator_keys: null,
  role_requests: tenant,
  roles: null,
  saved_views: null,
  scim_clients: null,
  scim_requests: tenantAndId,
  scim_tokens: null,
  sessions: token,
  setup_links: token,
  sign_in_flows: token,
  signing_keys: null,
  sso_connections: null,
  sso_sign_ins: tenantAndId,
  tenants: null,
  user_attributes: null,
  users: tenant,
  webhook_deliveries: tenantAndId,
  webhooks: null,
};
