import { Turns } from '../infrastructure/turns.js';
import { Services } from '../shared/services.js';
import type { Core } from './core.js';
import { createRenderedUsers } from './rendered-user.js';

/** What a server keeps in memory, empty: each server has its own. */
export const newServices = (): Pick<Core, 'renderedUsers' | 'turns' | 'services'> => ({
  renderedUsers: createRenderedUsers(),
  turns: new Turns(),
  services: new Services(),
});
