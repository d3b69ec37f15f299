import type { SsoConnectionDocument } from '../../../persistence/collections/sso-connections.js';
import type { Step, Transaction } from '../../../persistence/store.js';
import { newId } from '../../../shared/ids.js';
import { systemActor } from '../../actors.js';
import { recordEvent } from '../../audit/audit.js';
import { changesBetween } from '../../changes.js';
import type { Core } from '../../core.js';
import { enqueueJob, wakeJobs, type JobDocument } from '../../jobs/queue.js';
import { touchTenant } from '../../tenants/config.js';
import { enqueueReminders, withReminders } from '../expiry-reminders.js';
import type { IdpMetadata } from './idp-metadata.js';
import { fetchIdpMetadata, isSaml, metadataReason, type SamlConnection } from './saml-settings.js';

/** Kind of the job that reads a SAML provider's metadata again. */
export const samlMetadataJob = 'saml.metadata';

const dayMs = 86_400_000;
/** How soon metadata that could not be read are tried again. */
const hourMs = 3_600_000;

/** Has the metadata of a connection read again in a day, where their address is known. */
export function* enqueueRefresh(
  tx: Transaction,
  { _id, tenantId, saml }: SsoConnectionDocument,
  now: Date,
  afterMs = dayMs,
): Step<void> {
  if (!saml?.refreshId) return;
  const payload = { connectionId: _id, refreshId: saml.refreshId };
  const runAt = new Date(now.getTime() + afterMs);
  yield* enqueueJob(tx, tenantId, { kind: samlMetadataJob, payload, runAt }, now);
}

/** Unknown signatures may be forged: they make the server ask a provider this often, no more. */
const atMostEachMs = 300_000;

/** Has the metadata read now, as an answer has a signature of no known key: providers change their keys without notice. */
export async function refreshSoon(core: Core, connection: SamlConnection): Promise<void> {
  const now = core.clock.now();
  if (!connection.saml.refreshId) return;
  const until = new Date(now.getTime() + atMostEachMs);
  const { count } = await core.store.increment(`saml-metadata:${connection._id}`, 1, until);
  if (count !== 1) return;
  await core.store.transaction((tx) => enqueueRefresh(tx, connection, now, 0));
  wakeJobs(core);
}

/** What is read counts for the entity the connection names, for no other. */
function withMetadata(before: SamlConnection, found: IdpMetadata | string, now: Date): SamlConnection {
  const refreshId = newId();
  const fault = (metadataFault: string): SamlConnection => ({
    ...before,
    saml: { ...before.saml, refreshId, metadataFault },
  });
  if (typeof found === 'string') return fault(found);
  if (found.entityId !== before.issuer) return fault('the metadata name another entity id');
  return {
    ...before,
    saml: {
      ...before.saml,
      ...{ refreshId, metadataFault: null, metadataReadAt: now },
      idpSsoUrl: found.ssoUrl,
      idpSloUrl: found.sloUrl,
      idpCertificates: found.certificates,
    },
  };
}

const shown = ({ saml }: SamlConnection) => ({
  idpSsoUrl: saml.idpSsoUrl,
  idpSloUrl: saml.idpSloUrl,
  idpCertificates: saml.idpCertificates,
  metadataFault: saml.metadataFault,
});

/** The handler of {@link samlMetadataJob}: takes over the provider's new certificates and addresses, and comes again. */
export async function refreshMetadata(core: Core, job: JobDocument): Promise<void> {
  const { connectionId, refreshId } = job.payload;
  const connections = core.store.tenant(job.tenantId).collection('sso_connections');
  const connection = await connections.get(String(connectionId));
  if (!connection || !isSaml(connection) || connection.saml.refreshId !== refreshId) return;
  const url = connection.saml.idpMetadataUrl ?? '';
  const found = await fetchIdpMetadata(core, url).catch((error: unknown) =>
    metadataReason(error).slice(0, 500),
  );
  const now = core.clock.now();
  await core.store.transaction(function* (tx) {
    const scope = tx.tenant(job.tenantId).collection('sso_connections');
    const before = yield* scope.get(connection._id);
    if (!before || !isSaml(before) || before.saml.refreshId !== refreshId) return;
    const after = withReminders(before, withMetadata(before, found, now));
    yield* scope.update(before._id, () => after);
    yield* enqueueReminders(tx, after, now, before);
    yield* enqueueRefresh(tx, after, now, after.saml.metadataFault === null ? dayMs : hourMs);
    const changes = changesBetween(shown(before), shown(after));
    if (changes.length === 0) return;
    yield* touchTenant(tx, job.tenantId);
    const target = { type: 'sso_connection', id: before._id, label: before.name };
    const isRefused = after.saml.metadataFault !== null;
    const event = {
      action: 'sso.metadata_read',
      target,
      changes,
      result: isRefused ? 'failure' : 'success',
    } as const;
    yield* recordEvent(tx, systemActor(job.tenantId, before.name), event, now);
  });
}
