import type { ApplicationDocument } from '../../persistence/collections/applications.js';
import { AppError } from '../../shared/errors.js';
import type { Core } from '../core.js';
import { tenantConfig } from '../tenants/config.js';

/**
 * @param idOrKey - the id or the key.
 * @throws AppError `application.not_found`.
 */
export async function getApplication(
  core: Core,
  tenantId: string,
  idOrKey: string,
): Promise<ApplicationDocument> {
  const applications = core.store.tenant(tenantId).collection('applications');
  const application = (await applications.get(idOrKey)) ?? (await applications.findOne({ key: idOrKey }));
  if (!application) throw new AppError('application.not_found', 'there is no such application');
  return application;
}

/**
 * An application that a tenant sees: its own, or one of the server that serves it.
 *
 * @param idOrKey - the id or the key.
 * @throws AppError `application.not_found`.
 */
export async function getVisibleApplication(
  core: Core,
  tenantId: string,
  idOrKey: string,
): Promise<ApplicationDocument> {
  const { serverApplications } = await tenantConfig(core, tenantId);
  const served =
    serverApplications.get(idOrKey) ?? [...serverApplications.values()].find(({ _id }) => _id === idOrKey);
  return served ?? getApplication(core, tenantId, idOrKey);
}

/** All applications that a tenant sees by key: its own, and those of the server that serve it. */
export async function listVisibleApplications(core: Core, tenantId: string): Promise<ApplicationDocument[]> {
  const { serverApplications } = await tenantConfig(core, tenantId);
  const all = [...(await listApplications(core, tenantId)), ...serverApplications.values()];
  return all.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** All applications of a tenant by key; of `server`, those of the operator. */
export function listApplications(core: Core, tenantId: string): Promise<ApplicationDocument[]> {
  return core.store
    .tenant(tenantId)
    .collection('applications')
    .find({}, { sort: { key: 1 } });
}
