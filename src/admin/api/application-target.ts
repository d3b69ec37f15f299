import { listServerRoles } from '../../identity/applications/application-roles.js';
import { accessRuleOf, versionIn } from '../../identity/applications/access.js';
import type { ApplicationDocument } from '../../identity/applications/applications.js';
import { getApplication, getVisibleApplication } from '../../identity/applications/find.js';
import { servedSlugs } from '../../identity/applications/reach.js';
import type { Core } from '../../identity/core.js';
import { tenantConfig } from '../../identity/tenants/config.js';
import { serverOwner } from '../../identity/tenants/server-applications.js';
import { AppError } from '../../shared/errors.js';
import { isServerOperator, type Caller } from '../authenticate.js';
import type { ApplicationView, presentApplication } from '../present/application.js';

/** An application as the caller may see it. */
export interface ShownApplication {
  application: ApplicationDocument;
  /** Of the application as it is shown: what `If-Match` names. */
  version: number;
  view: ApplicationView;
  roles: Parameters<typeof presentApplication>[1];
}

/** The operator sees the applications of the server, a tenant its own and those that serve it. */
export async function showApplication(
  core: Core,
  caller: Caller,
  application: ApplicationDocument,
): Promise<ShownApplication> {
  if (isServerOperator(caller)) {
    const view = { tenants: await servedSlugs(core, application) };
    const roles = await listServerRoles(core, application.key);
    return { application, version: application.version, view, roles };
  }
  const { tenant, roles } = await tenantConfig(core, caller.actor.tenantId);
  const view = { access: accessRuleOf(tenant, application._id) };
  return { application, version: versionIn(tenant, application), view, roles: roles.values() };
}

/** What a path with an application's id or key names, for this caller. */
export const targetApplication = async (
  core: Core,
  tenantId: string,
  { id }: { readonly id: string },
  caller: Caller,
): Promise<ShownApplication> => {
  const application = isServerOperator(caller)
    ? await getApplication(core, serverOwner, id)
    : await getVisibleApplication(core, tenantId, id);
  return showApplication(core, caller, application);
};

/** Who owns what the caller registers. */
export const ownerOf = (caller: Caller): string =>
  isServerOperator(caller) ? serverOwner : caller.actor.tenantId;

/** @throws AppError `application.of_server` where a tenant would change what the operator owns. */
export function requireOwner(caller: Caller, { application }: ShownApplication): void {
  if (application.tenantId === ownerOf(caller)) return;
  throw new AppError(
    'application.of_server',
    'the operator of the server owns this application; a tenant sets "access" and grants its roles',
  );
}
