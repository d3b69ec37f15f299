import type { SetupStep } from '../../persistence/collections/setup-links.js';
import type { SsoConnectionDocument } from '../../persistence/collections/sso-connections.js';
import type { Core } from '../core.js';
import { acsUrl, callbackUrl, connectionAddress, samlEntityId } from '../sso/connection-address.js';
import { getConnection } from '../sso/connections.js';
import { challengeName } from '../sso/domain-checks.js';
import { directoryAdvice } from '../directories/advice.js';
import type { Advice } from '../directories/advice-rules.js';
import { getDirectory } from '../directories/directories.js';
import type { SetupHolder } from './holder.js';

/** A domain with the record that proves it. */
export interface SetupDomain {
  domain: string;
  record: string;
  value: string;
  isVerified: boolean;
}

/** Something that has come, or has not yet. */
export interface SetupTick {
  name: 'request' | 'user' | 'group';
  isDone: boolean;
}

/** A connection as the company's IT sees it. */
export interface SetupConnection {
  name: string;
  isSaml: boolean;
  issuer: string;
  clientId: string;
  redirectUri: string;
  acsUrl: string;
  entityId: string;
  domains: SetupDomain[];
}

/** What there is to do by a link, and how far it is. */
export interface SetupState {
  /** The link's steps, in their order; whether each is complete. */
  steps: { step: SetupStep; isDone: boolean }[];
  connection: SetupConnection | null;
  directory: { scimUrl: string; hasToken: boolean; ticks: SetupTick[]; advice: Advice[] } | null;
  mail: { from: string; isSent: boolean; isArrived: boolean };
}

function shownConnection({ config }: Core, connection: SsoConnectionDocument): SetupConnection {
  const address = connectionAddress(connection);
  return {
    name: connection.name,
    isSaml: connection.protocol === 'saml',
    issuer: connection.issuer,
    clientId: connection.clientId,
    redirectUri: callbackUrl(config.baseUrl, address),
    acsUrl: acsUrl(config.baseUrl, address),
    entityId: samlEntityId(config.baseUrl, address),
    domains: connection.domains.map(({ challenge, domain, verified }) => ({
      domain,
      record: challengeName(domain),
      value: challenge,
      isVerified: verified,
    })),
  };
}

/** What the administrators do here, and the company's IT cannot. */
const own = new Set([
  'directory_off',
  'no_credential',
  'no_rules',
  'no_role',
  'missing_group',
  'sign_in_off',
]);

async function shownDirectory(core: Core, { root }: SetupHolder, directoryId: string) {
  const scope = core.store.tenant(root.tenantId);
  const stored = await getDirectory(core, root.tenantId, directoryId);
  const [token, request, user, group, found] = await Promise.all([
    root.tokenId === null ? undefined : scope.collection('scim_tokens').get(root.tokenId),
    scope.collection('scim_requests').find({ directoryId }, { limit: 1, fields: [] }),
    scope.collection('users').find({ directoryId }, { limit: 1, fields: [] }),
    scope.collection('groups').find({ directoryId }, { limit: 1, fields: [] }),
    directoryAdvice(core, stored),
  ]);
  const ticks: SetupTick[] = [
    { name: 'request', isDone: request.length > 0 },
    { name: 'user', isDone: user.length > 0 },
    { name: 'group', isDone: group.length > 0 },
  ];
  return {
    scimUrl: `${core.config.baseUrl}/scim/v2`,
    hasToken: token !== undefined,
    ticks,
    advice: found.filter(({ code }) => !own.has(code)),
  };
}

/**
 * How far the steps of a link are done.
 *
 * @throws AppError `sso_connection.not_found` when an administrator deleted it meanwhile.
 */
export async function setupState(core: Core, holder: SetupHolder): Promise<SetupState> {
  const { link, root } = holder;
  const stored =
    link.connectionId === null ? null : await getConnection(core, link.tenantId, link.connectionId);
  const connection = stored && shownConnection(core, stored);
  const directory = link.directoryId === null ? null : await shownDirectory(core, holder, link.directoryId);
  const isDone: Readonly<Record<SetupStep, boolean>> = {
    provider: directory
      ? directory.ticks.slice(0, 2).every((tick) => tick.isDone)
      : root.providerDoneAt !== null,
    dns:
      connection !== null &&
      connection.domains.length > 0 &&
      connection.domains.every(({ isVerified }) => isVerified),
    mail: root.mailArrivedAt !== null,
  };
  return {
    steps: link.steps.map((step) => ({ step, isDone: isDone[step] })),
    connection,
    directory,
    mail: { from: core.config.mailFrom, isSent: root.mailHash !== null, isArrived: isDone.mail },
  };
}
