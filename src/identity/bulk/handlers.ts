import type { Core } from '../core.js';
import type { JobHandlers } from '../jobs/queue.js';
import { importInvitation, importMember, invitationImport, memberImport } from './import-others.js';
import { importPerson, peopleImport } from './import-people.js';
import { bulkRunJob } from './jobs.js';
import { runBulk, type RowHandlers } from './run.js';
import { heldChangeHandlers } from './held-changes.js';
import { userActionHandlers } from './user-actions.js';

/** By the kind of the bulk job. */
const rowHandlers: RowHandlers = {
  ...userActionHandlers,
  ...heldChangeHandlers,
  [peopleImport]: importPerson,
  [invitationImport]: importInvitation,
  [memberImport]: importMember,
};

/** What works on bulk jobs. */
export const bulkJobs = (core: Core): JobHandlers => ({
  [bulkRunJob]: (job) => runBulk(core, job, rowHandlers),
});
