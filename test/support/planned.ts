import { resolveHomeRealm } from '../../src/auth/home-realm.js';
import { parseEmail } from '../../src/identity/email.js';
import {
  applicationAccess,
  effectiveRoles,
  userPermissions,
} from '../../src/identity/grants/effective-roles.js';
import { statusWithoutLock } from '../../src/identity/grants/user-status.js';
import { tenantConfig } from '../../src/identity/tenants/config.js';
import type { Core } from '../../src/identity/core.js';

/** A plan as the API answers it. */
export interface PlanAnswer {
  plan: string;
  users: number;
  affected: number;
  changes: { kind: string; what: string; users: number; examples: { id: string; label: string }[] }[];
  later: { kind: string; what: string; users: number }[];
  summary: string[];
  settings: { name: string; before: unknown; after: unknown }[];
}

interface Seen {
  roles: string[];
  permissions: string[];
  status: string;
  isForwarded: boolean;
  isAdministrator: boolean;
}

/** What each user of a tenant has now, as sign-ins and applications find it. */
export async function lookAtPeople(core: Core, tenantId: string): Promise<Map<string, Seen>> {
  const config = await tenantConfig(core, tenantId);
  const now = core.clock.now();
  const seen = new Map<string, Seen>();
  for (const user of await core.store.tenant(tenantId).collection('users').find({})) {
    const status = statusWithoutLock(user, config.settings, now);
    const address = parseEmail(user.email ?? user.userName);
    const home = address && (await resolveHomeRealm(core, address, [tenantId]));
    const roles = effectiveRoles(user, config, now);
    seen.set(user._id, {
      roles,
      permissions: [
        ...userPermissions(user, config, now),
        ...[...config.applications].flatMap((application) =>
          applicationAccess(user, application, config, now).permissions.map((one) => `${application}:${one}`),
        ),
      ],
      status,
      isForwarded: status !== 'disabled' && status !== 'expired' && home?.kind === 'forwarded',
      isAdministrator: roles.some((role) => config.administratorRoles.includes(role)),
    });
  }
  return seen;
}

const nothing: Seen = {
  roles: [],
  permissions: [],
  status: '',
  isForwarded: false,
  isAdministrator: false,
};
const lists = [
  ['role', 'roles'],
  ['permission', 'permissions'],
] as const;

/** What a plan would have to say of one person. */
function eventsOf(old: Seen, now: Seen): string[] {
  return [
    ...lists.flatMap(([word, field]) => [
      ...now[field].filter((one) => !old[field].includes(one)).map((one) => `${word}.gained ${one}`),
      ...old[field].filter((one) => !now[field].includes(one)).map((one) => `${word}.lost ${one}`),
    ]),
    old === nothing ? 'user.added ' : old.status !== now.status ? `status ${now.status}` : '',
    now.isForwarded === old.isForwarded ? '' : now.isForwarded ? 'forwarded ' : 'not_forwarded ',
    old.isAdministrator && !now.isAdministrator ? 'administrator.locked_out ' : '',
  ].filter((event) => event !== '');
}

/** What happened between two looks, counted as a plan counts it. */
export function whatHappened(
  before: ReadonlyMap<string, Seen>,
  after: ReadonlyMap<string, Seen>,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [id, now] of after)
    for (const event of eventsOf(before.get(id) ?? nothing, now)) counts[event] = (counts[event] ?? 0) + 1;
  return counts;
}

/** A plan's counts in the same form. */
export const countsOf = ({ changes }: Pick<PlanAnswer, 'changes'>): Record<string, number> =>
  Object.fromEntries(changes.map(({ kind, what, users }) => [`${kind} ${what}`, users]));
