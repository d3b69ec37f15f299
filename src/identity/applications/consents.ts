import type { ApplicationDocument } from '../../persistence/collections/applications.js';
import type { ConsentDocument } from '../../persistence/collections/consents.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { recordEvent } from '../audit/audit.js';
import type { Actor, Core } from '../core.js';
import { wakeJobs } from '../jobs/queue.js';
import { listVisibleApplications } from './find.js';
import { leaveLogoutNotice } from './logout-notices.js';

export type { ConsentDocument } from '../../persistence/collections/consents.js';

type Person = Pick<UserDocument, '_id' | 'tenantId'>;

const idOf = (userId: string, applicationId: string): string => `${userId}:${applicationId}`;

/** What a person lets an application have; undefined: nothing yet. */
export function consentOf(
  core: Core,
  { _id, tenantId }: Person,
  applicationId: string,
): Promise<ConsentDocument | undefined> {
  return core.store.tenant(tenantId).collection('consents').get(idOf(_id, applicationId));
}

/** A consent with the application it is about. */
export interface ShownConsent {
  consent: ConsentDocument;
  application: ApplicationDocument;
}

/** A person's consents, by the applications' names; those of applications that are gone are left out. */
export async function listConsents(core: Core, { _id, tenantId }: Person): Promise<ShownConsent[]> {
  const consents = await core.store.tenant(tenantId).collection('consents').find({ userId: _id });
  if (consents.length === 0) return [];
  const applications = await listVisibleApplications(core, tenantId);
  return applications
    .flatMap((application) => {
      const consent = consents.find(({ applicationId }) => applicationId === application._id);
      return consent ? [{ consent, application }] : [];
    })
    .sort((a, b) => a.application.name.localeCompare(b.application.name));
}

/**
 * Remembers what a person lets an application have, beside what they agreed to before.
 *
 * @param actor - the person.
 * @param granted - in the words of {@link ConsentDocument.granted}.
 */
export async function giveConsent(
  core: Core,
  actor: Actor,
  application: Pick<ApplicationDocument, '_id' | 'key' | 'clientId'>,
  granted: readonly string[],
): Promise<void> {
  const now = core.clock.now();
  const userId = actor.party.id;
  const id = idOf(userId, application._id);
  await core.store.transaction(function* (tx) {
    const consents = tx.tenant(actor.tenantId).collection('consents');
    const before = yield* consents.get(id);
    const all = [...new Set([...(before?.granted ?? []), ...granted])].sort();
    if (before?.granted.length === all.length) return;
    if (before) yield* consents.update(id, (stored) => ({ ...stored, granted: all }));
    else {
      const fields = { userId, applicationId: application._id, clientId: application.clientId, granted: all };
      yield* consents.insert({ _id: id, tenantId: actor.tenantId, ...fields });
    }
    const target = { type: 'application', id: application._id, label: application.key };
    const changes = [{ path: 'granted', before: before?.granted ?? null, after: all }];
    yield* recordEvent(tx, actor, { action: 'consent.given', target, changes }, now);
  });
}

/** @returns the sessions in which the application had something. */
function* dropGiven(tx: Transaction, userId: string, clientId: string): Step<Set<string>> {
  const payloads = tx.server.collection('oidc_payloads');
  const sessions = new Set<string>();
  for (const one of yield* payloads.find({ accountId: userId })) {
    if (one.clientId !== clientId) continue;
    yield* payloads.remove(one._id);
    if (one.sessionId !== null) sessions.add(one.sessionId);
  }
  return sessions;
}

/**
 * Takes a consent back: what the application holds of the person is dead at once, and it is told.
 *
 * @param actor - the person.
 * @throws AppError `consent.not_found`.
 */
export async function withdrawConsent(core: Core, actor: Actor, applicationId: string): Promise<void> {
  const now = core.clock.now();
  const userId = actor.party.id;
  await core.store.transaction(function* (tx) {
    const consents = tx.tenant(actor.tenantId).collection('consents');
    const consent = yield* consents.get(idOf(userId, applicationId));
    if (!consent) throw new AppError('consent.not_found', 'there is no such consent');
    const { clientId } = consent;
    yield* consents.remove(consent._id);
    const sessions = yield* dropGiven(tx, userId, clientId);
    for (const sessionId of sessions)
      yield* leaveLogoutNotice(tx, actor.tenantId, { clientId, userId, sessionId }, now);
    const application = yield* tx.server.collection('applications').get(applicationId);
    const target = { type: 'application', id: applicationId, label: application?.key ?? clientId };
    const changes = [{ path: 'granted', before: consent.granted, after: null }];
    yield* recordEvent(tx, actor, { action: 'consent.withdrawn', target, changes }, now);
  });
  wakeJobs(core);
}
