import { askForRole } from '../../src/identity/roles/role-requests.js';
import type { ApiTenant } from './api.js';
import type { TestApp } from './app.js';
import type { Case } from './audited-things.js';

/** The changes of role requests. */
export function roleRequestCases(scene: () => { app: TestApp; acme: ApiTenant }): Case[] {
  const person = async (): Promise<string> => (await scene().acme.givenUser())._id;
  const request = async (): Promise<[string, string]> => {
    const { app, acme } = scene();
    const userId = await person();
    const input = { userId, role: 'crm:agent', reason: 'on call', span: { seconds: 3600 } };
    return [(await askForRole(app.core, acme.system, input))._id, userId];
  };
  return [
    [
      'POST /role-requests',
      person,
      (id) => ['post', '/role-requests', { user: id, role: 'crm:agent', reason: 'on call', seconds: 3600 }],
      (_, __, id) => [`role_request.created role_request ${id}`],
    ],
    [
      'approve a role request',
      request,
      (id) => ['post', `/role-requests/${id}/approve`],
      (id, user) => [`role_request.approved role_request ${id}`, `user.roles_changed user ${user}`],
    ],
    [
      'deny a role request',
      request,
      (id) => ['post', `/role-requests/${id}/deny`, { message: 'no' }],
      (id) => [`role_request.denied role_request ${id}`],
    ],
    [
      'cancel a role request',
      request,
      (id) => ['post', `/role-requests/${id}/cancel`],
      (id) => [`role_request.cancelled role_request ${id}`],
    ],
  ];
}
