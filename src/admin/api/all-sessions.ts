import { endEverybody } from '../../identity/users/end-everybody.js';
import { route, type Route } from '../route.js';
import { userTag } from './users.js';

const endAll = route({
  method: 'post',
  path: '/sessions/end-all',
  id: 'endAllSessions',
  summary:
    'End every session and token of all users, your own too; needs every management permission that a role gives',
  tag: userTag,
  permission: 'sessions.invalidate',
  stepUp: true,
  async handler({ core, actor }) {
    await endEverybody(core, actor);
    return {};
  },
});

export const allSessionRoutes: readonly Route[] = [endAll];
