import type { ReactElement } from 'react';
import { z } from 'zod';
import { listVisibleApplications } from '../../identity/applications/find.js';
import { listConsents, withdrawConsent } from '../../identity/applications/consents.js';
import { liveGrants } from '../../identity/grants/effective-roles.js';
import { searchRequests, stateOf } from '../../identity/roles/role-request-search.js';
import { askForRole, cancelRequest } from '../../identity/roles/role-requests.js';
import type { TenantConfig } from '../../identity/tenants/config.js';
import { userActor } from '../../identity/users/actor.js';
import { AppError } from '../../shared/errors.js';
import { ApplicationsPage, type ShownRequest, type ShownRole } from '../views/account-applications.js';
import type { ShownGrant } from '../views/consents-section.js';
import { actorOf, type AccountWork } from './account-form.js';
import type { AccountView } from './account-page.js';

const maxShown = 20;

function nameOf(config: TenantConfig, key: string): string {
  return config.roles.get(key)?.name ?? key;
}

/** The roles in force, each with its end: the latest of its grants, none where one of them has none. */
function rolesOf({ config, core, live: { user }, roles }: AccountView): ShownRole[] {
  const now = core.clock.now();
  const grants = liveGrants(user, config, now);
  return roles.map((key) => {
    const ends = grants.filter(({ role }) => role === key).map(({ until }) => until);
    const times = ends.map((until) => (until === null ? Infinity : until.getTime()));
    const last = Math.max(...times, 0);
    const until = times.length > 0 && Number.isFinite(last) ? new Date(last) : null;
    return { key, name: nameOf(config, key), until };
  });
}

async function requestsOf({ config, core, live: { user } }: AccountView): Promise<ShownRequest[]> {
  const now = core.clock.now();
  const actor = userActor(user, config, now);
  const { items } = await searchRequests(
    core,
    actor,
    { userId: user._id },
    { limit: maxShown, descending: true },
  );
  return items.map((request) => ({
    id: request._id,
    roleName: nameOf(config, request.role),
    state: stateOf(request, now),
    createdAt: request.createdAt,
    message: request.decision?.message ?? '',
  }));
}

/** The roles that a person may ask for: all but the ones they hold without an end. */
function offeredOf({ config }: AccountView, held: readonly ShownRole[]) {
  if (!config.settings['roles.requests']) return undefined;
  const lasting = new Set(held.filter(({ until }) => until === null).map(({ key }) => key));
  return [...config.roles.entries()]
    .filter(([key]) => !lasting.has(key))
    .map(([key, { name, applicationKey }]) => ({
      key,
      name: applicationKey === null ? name : `${applicationKey}: ${name}`,
    }));
}

async function consentsOf({ core, live: { user } }: AccountView): Promise<ShownGrant[]> {
  const consents = await listConsents(core, user);
  return consents.map(({ application: { _id, name }, consent: { granted } }) => ({
    applicationId: _id,
    name,
    granted,
  }));
}

/** What one may use, by which role. */
export async function applicationsPage(view: AccountView): Promise<ReactElement> {
  const { core, frame, live } = view;
  const held = rolesOf(view);
  const applications = await listVisibleApplications(core, live.tenant._id);
  const own = applications.map(({ key, name }) => ({
    key,
    name,
    roles: held.filter((role) => role.key.startsWith(`${key}:`)),
  }));
  return (
    <ApplicationsPage
      {...frame}
      now={core.clock.now()}
      applications={own.filter(({ roles }) => roles.length > 0)}
      roles={held.filter(({ key }) => !key.includes(':'))}
      offered={offeredOf(view, held)}
      requests={await requestsOf(view)}
      consents={await consentsOf(view)}
    />
  );
}

const askForm = z.object({
  role: z.string().min(1).max(200),
  seconds: z.coerce.number().int().min(300).max(31_536_000),
  reason: z.string().trim().min(1).max(1000),
});
const consentForm = z.object({ application: z.string().max(100) });
const cancelForm = z.object({ request: z.string().max(100) });

const takeAsking: AccountWork = async (core, live, req, res) => {
  const form = askForm.safeParse(req.body).data;
  if (!form) throw new AppError('input.invalid', 'Choose a role, and say why you need it');
  const { reason, role, seconds } = form;
  const input = { userId: live.user._id, role, reason, span: { seconds } };
  await askForRole(core, await actorOf(core, live, req), input);
  res.redirect(303, '/account/applications?done=asked');
};

const takeCancelling: AccountWork = async (core, live, req, res) => {
  const id = cancelForm.safeParse(req.body).data?.request ?? '';
  await cancelRequest(core, await actorOf(core, live, req), id);
  res.redirect(303, '/account/applications?done=taken_back');
};

const takeConsentBack: AccountWork = async (core, live, req, res) => {
  const form = consentForm.safeParse(req.body).data;
  await withdrawConsent(core, await actorOf(core, live, req), form?.application ?? '');
  res.redirect(303, '/account/applications?done=consent');
};

/** Forms about applications and role requests, by their own paths. */
export const applicationForms: Readonly<Record<string, AccountWork>> = {
  '/account/role-requests': takeAsking,
  '/account/role-requests/cancel': takeCancelling,
  '/account/consents/withdraw': takeConsentBack,
};
