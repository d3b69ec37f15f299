import type { JobDocument } from '../../persistence/collections/events.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step, Transaction } from '../../persistence/store.js';
import { systemActor } from '../actors.js';
import type { Core } from '../core.js';
import { issueToken } from '../credentials/one-time-tokens.js';
import { parseEmail, type EmailAddress } from '../email.js';
import { languageOf, spanText } from '../jobs/mail-language.js';
import { catalogueMail } from '../jobs/mail-layout.js';
import { enqueueMail } from '../jobs/mails.js';
import { enqueueJob, wakeJobs } from '../jobs/queue.js';
import { brandOf } from '../tenants/branding.js';
import { tenantConfig, type TenantConfig } from '../tenants/config.js';
import { isOpen } from '../tenants/state.js';
import { withProfile } from '../users/input.js';
import { openWrite } from '../users/save.js';
import { createUserStep, findUserByLogin } from '../users/users.js';
import { AppError } from '../../shared/errors.js';

/** Kind of the job that looks who has registered. */
export const registrationJob = 'registration.request';

/** Mails to one address in {@link mailSpanMs}: anybody can register in another's name. */
const maxMails = 5;
const mailSpanMs = 900_000;

export interface Registration {
  tenantId: string;
  email: string;
  givenName: string;
  familyName: string;
}

/** Whether people may register themselves in a tenant. */
export const isRegistrationOpen = ({ settings, tenant }: TenantConfig): boolean =>
  settings['registration.self'] && isOpen(tenant);

/**
 * A person has asked for an account. Whether there is one already is found out after the answer, in the background, so that the answer and
 * its time are the same for every address.
 */
export async function askRegistration(core: Core, registration: Registration): Promise<void> {
  const sealed = core.secretBox.seal(registrationJob, JSON.stringify(registration));
  const job = { kind: registrationJob, payload: { sealed } };
  await core.store.transaction((tx) => enqueueJob(tx, registration.tenantId, job, core.clock.now()));
  wakeJobs(core);
}

async function isMailDue(core: Core, tenantId: string, { key }: EmailAddress): Promise<boolean> {
  const end = new Date(core.clock.now().getTime() + mailSpanMs);
  const { count } = await core.store.increment(`registration-mail:${tenantId}:${key}`, 1, end);
  return count <= maxMails;
}

/** Mails the link at which the address is confirmed and a password is chosen. */
function* mailLink(core: Core, tx: Transaction, config: TenantConfig, user: UserDocument): Step<void> {
  const { settings, tenant } = config;
  const ttlSeconds = settings['invites.ttlSeconds'];
  const order = { isMailed: true, kind: 'activation', ttlSeconds, now: core.clock.now() } as const;
  const link = `${core.config.baseUrl}/activate/${yield* issueToken(tx, user, order)}`;
  const language = languageOf(user, settings);
  const parts = { to: user.email ?? user.userName, link };
  const span = spanText(ttlSeconds, language);
  const mail = catalogueMail(parts, brandOf(tenant.name, settings), language, ['registration', { span }]);
  yield* enqueueMail(core, tx, user.tenantId, mail, { trySeconds: ttlSeconds, userId: user._id });
}

/** A mail to the owner of an account that was asked for again. */
function* mailKnown(core: Core, tx: Transaction, config: TenantConfig, user: UserDocument): Step<void> {
  const { settings, tenant } = config;
  const link = `${core.config.baseUrl}/signin?tenant=${encodeURIComponent(tenant.slug)}`;
  const parts = { to: user.email ?? user.userName, link };
  const text: ['registration_known', object] = ['registration_known', {}];
  const mail = catalogueMail(parts, brandOf(tenant.name, settings), languageOf(user, settings), text);
  yield* enqueueMail(core, tx, user.tenantId, mail, { userId: user._id });
}

/**
 * The job {@link askRegistration} leaves: a new person becomes a user who waits until the address is confirmed (M1-30); a known one gets
 * a mail that says so, or the link again.
 */
export async function answerRegistration(core: Core, job: JobDocument): Promise<void> {
  const asked = JSON.parse(
    core.secretBox.open(registrationJob, String(job.payload['sealed'])),
  ) as Registration;
  const config = await tenantConfig(core, asked.tenantId);
  const email = parseEmail(asked.email);
  if (!email || !isRegistrationOpen(config) || !(await isMailDue(core, asked.tenantId, email))) return;
  const known = await findUserByLogin(core, asked.tenantId, email.key);
  if (known) await answerKnown(core, config, known);
  else await register(core, config, asked, email);
  wakeJobs(core);
}

async function answerKnown(core: Core, config: TenantConfig, known: UserDocument): Promise<void> {
  if (!known.enabled || known.loginType === 'sso') return;
  const answer = known.activatedAt === null ? mailLink : mailKnown;
  await core.store.transaction((tx) => answer(core, tx, config, known));
}

async function register(
  core: Core,
  config: TenantConfig,
  { familyName, givenName, tenantId }: Registration,
  email: EmailAddress,
): Promise<void> {
  const input = {
    userName: email.address,
    externalId: null,
    attributes: withProfile({}, { email: email.address, givenName, familyName }),
    active: true,
    loginType: 'local' as const,
  };
  try {
    await core.store.transaction(function* (tx) {
      const context = yield* openWrite(tx, core, systemActor(tenantId, 'self-registration'));
      const user = yield* createUserStep(context, input, { source: 'self_registration' }, undefined);
      yield* mailLink(core, tx, config, user);
    });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'store.duplicate') throw error;
    const known = await findUserByLogin(core, tenantId, email.key);
    if (known) await answerKnown(core, config, known);
  }
}
