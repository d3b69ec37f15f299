import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { recordEvent } from '../audit/audit.js';
import type { Actor, Core } from '../core.js';
import { wakeJobs } from '../jobs/queue.js';
import type { Settings } from '../tenants/settings.js';
import { partyOf } from './change-events.js';
import { openWrite, saveUser, type WriteContext } from './save.js';

type TermsSettings = Pick<Settings, 'terms.url' | 'terms.version'>;

/**
 * Whether a person accepted terms that have changed since: they accept the present ones at the next sign-in. People who never were asked,
 * as those of a company, are not asked now.
 */
export function owesTerms(user: Pick<UserDocument, 'terms'>, settings: TermsSettings): boolean {
  return (
    Boolean(user.terms) && settings['terms.url'] !== '' && user.terms?.version !== settings['terms.version']
  );
}

/** A user as they will be once the tenant's present terms are accepted; the same where there are none. */
export function* withAcceptedTerms(context: WriteContext, user: UserDocument): Step<UserDocument> {
  const { settings } = context.config;
  if (settings['terms.url'] === '') return user;
  const version = settings['terms.version'];
  const changes = [{ path: 'terms.version', before: user.terms?.version ?? null, after: version }];
  const event = { action: 'terms.accepted', target: partyOf(user), changes };
  yield* recordEvent(context.tx, context.actor, event, context.now);
  return { ...user, terms: { acceptedAt: context.now, version } };
}

/** A person accepts the tenant's present terms. */
export async function acceptTerms(core: Core, actor: Actor, userId: string): Promise<void> {
  await core.store.transaction(function* (tx) {
    const context = yield* openWrite(tx, core, actor);
    const user = yield* tx.tenant(actor.tenantId).collection('users').get(userId);
    if (!user || !owesTerms(user, context.config.settings)) return;
    yield* saveUser(context, user, yield* withAcceptedTerms(context, user));
  });
  wakeJobs(core);
}
