import type { DirectoryDocument } from '../../persistence/collections/directories.js';
import type {
  ScimClientDocument,
  ScimTokenDocument,
} from '../../persistence/collections/scim-credentials.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { Core } from '../core.js';
import { isHttps, judge, requirement, type IpsieRequirement, type IpsieResult } from '../ipsie.js';
import type { TenantConfig } from '../tenants/config.js';
import type { Settings } from '../tenants/settings.js';

/** What a directory's level depends on. */
export interface AccountFacts {
  config: Pick<TenantConfig, 'roles'>;
  settings: Pick<Settings, 'scim.requestsPerSecond' | 'scim.lockAttributes' | 'users.adding'>;
  directory: DirectoryDocument;
  tokens: readonly ScimTokenDocument[];
  clients: readonly ScimClientDocument[];
  connections: readonly SsoConnectionDocument[];
  /** Groups of the directory that give roles by themselves. */
  groupsWithRoles: number;
}

/** The draft of the SCIM profile asks an application to serve this many requests a second. */
const minRequestsPerSecond = 25;

const pathsOf = ({ roleRules }: DirectoryDocument): string[] =>
  roleRules.map(({ when }) => when.path.toLowerCase());

/** By keys alone: RFC 7523, no secret that is sent. */
function hasKeysAlone(now: Date, { directory, tokens, clients }: AccountFacts): boolean {
  const isLive = ({ expiresAt }: { expiresAt: Date | null }): boolean =>
    expiresAt === null || expiresAt > now;
  const live = clients.filter(isLive);
  const hasSecrets = live.some(({ secrets }) => secrets.length > 0);
  const hasKeys =
    Boolean(directory.federation) || live.some(({ jwks, jwksUri }) => jwks !== null || jwksUri !== null);
  return hasKeys && !hasSecrets && !tokens.some(isLive);
}

function deprovisioning(core: Core, now: Date, facts: AccountFacts): IpsieRequirement[] {
  const { directory, settings } = facts;
  return [
    requirement(
      'AL1',
      'The provider can disable and delete people over SCIM, and their sessions and tokens end at once.',
      directory.enabled && (directory.kind ?? 'scim') === 'scim',
      directory.enabled ? 'let the provider push: make a directory of the kind scim' : 'enable the directory',
    ),
    requirement(
      'AL1',
      'All requests go over https.',
      isHttps(core.config.baseUrl),
      'give BASE_URL with https',
    ),
    requirement(
      'AL1',
      'The provider proves itself by OAuth with a signed assertion (RFC 7523).',
      hasKeysAlone(now, facts),
      'give the directory a client with jwks, jwksUri or a federation, and revoke its tokens and client secrets',
    ),
    requirement(
      'AL1',
      `Requests are limited, to no fewer than ${minRequestsPerSecond} a second.`,
      settings['scim.requestsPerSecond'] >= minRequestsPerSecond,
      `set scim.requestsPerSecond to ${minRequestsPerSecond} or more (0 is no limit)`,
    ),
    requirement(
      'AL1',
      'What the provider sends cannot be changed here.',
      settings['scim.lockAttributes'],
      'set scim.lockAttributes to true',
    ),
  ];
}

function provisioning({
  directory,
  settings,
  connections,
  groupsWithRoles,
}: AccountFacts): IpsieRequirement[] {
  const jit = connections.find((connection) => connection.jitProvisioning && connection.mode !== 'off');
  return [
    requirement(
      'AL2',
      'People are created by the provider alone, before they sign in.',
      settings['users.adding'] === 'scim_only' && jit === undefined,
      jit === undefined
        ? 'set users.adding to scim_only'
        : `set jitProvisioning of the connection ${jit.name} to false`,
    ),
    requirement(
      'AL2',
      'Groups of the provider become roles of applications.',
      groupsWithRoles > 0 || pathsOf(directory).some((path) => path.startsWith('groups')),
      'add a role rule on groups.displayName, or give roles to groups of the directory',
    ),
  ];
}

function roleManagement({ config, directory }: AccountFacts): IpsieRequirement[] {
  return [
    requirement(
      'AL3',
      'The provider reads the roles that it can give (/scim/v2/Roles).',
      [...config.roles.values()].some(({ management }) => management.length === 0),
      'define a role without management permissions',
    ),
    requirement(
      'AL3',
      'Roles that the provider gives become roles of applications.',
      pathsOf(directory).some((path) => /^(roles|entitlements)\b/.test(path)),
      'add a role rule on roles.value or entitlements.value',
    ),
  ];
}

/** How far a directory goes on the levels of an account's life. */
export function accountLevelOf(core: Core, facts: AccountFacts): IpsieResult {
  return judge(
    [...deprovisioning(core, core.clock.now(), facts), ...provisioning(facts), ...roleManagement(facts)],
    [
      'The provider sends a deactivation within 5 minutes, and synchronizes profiles, groups and roles.',
      'The draft of the SCIM profile wants no attribute password: Gatehouse takes it, so leave the synchronization of passwords off at the provider.',
    ],
  );
}
