import { systemActor } from '../identity/actors.js';
import { finishErasure } from '../identity/privacy/erase-job.js';
import { erasePerson } from '../identity/privacy/erase.js';
import { findPerson } from '../identity/privacy/person.js';
import { exitCodes, textOf, type Command } from './command.js';
import { withCore } from './server-core.js';
import { tenantOf, tenantOption } from './tenant.js';

export const eraseCommand: Command = {
  name: 'erase',
  summary: 'erase a person for good: what must stay names a pseudonym (for privacy requests)',
  options: {
    person: {
      type: 'string',
      value: 'PERSON',
      describe: 'user id, address or userName; a deleted user’s too',
      required: true,
    },
    yes: { type: 'boolean', describe: 'do it; else only say whom it would be' },
    tenant: tenantOption,
  },
  positionals: [],
  run: ({ values, terminal, report }) =>
    withCore(terminal, async (core) => {
      const tenant = await tenantOf(core, values);
      const named = textOf(values, 'person') ?? '';
      const { userId, user } = await findPerson(core, tenant._id, named);
      const facts = { id: userId, tenant: tenant.slug, label: user?.email ?? user?.userName ?? null };
      if (values['yes'] !== true) {
        report({ ...facts, erased: false }, [
          `this would erase ${facts.label ?? 'a deleted user'} (${userId}) of ${tenant.slug} for good: repeat it with --yes`,
        ]);
        return exitCodes.failed;
      }
      const job = await erasePerson(core, systemActor(tenant._id, 'gatehouse erase'), userId);
      const done = await finishErasure(core, job);
      report({ ...facts, label: null, erased: true, ...done }, [
        `erased ${userId} of ${tenant.slug}: ${done.events} audit events, ${done.documents} other documents, ${done.mails} mails`,
      ]);
      return exitCodes.ok;
    }),
};
