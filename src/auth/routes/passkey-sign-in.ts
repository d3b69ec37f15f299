import type { Request, Response } from 'express';
import { judgePasskey, passkeyRequest, type PasskeyUse } from '../../identity/credentials/passkey-use.js';
import type { Core } from '../../identity/core.js';
import { accessStampOf } from '../../identity/users/session-end.js';
import { passkeyAlone, passwordAndPasskey } from '../../identity/users/sessions.js';
import type { Passkey } from '../../persistence/collections/credentials.js';
import { AppError } from '../../shared/errors.js';
import { mayEnter, readAdmission, type Admission, type EntryStatus } from '../admission.js';
import { deviceOf } from '../devices.js';
import { once } from '../double-click.js';
import { settlePasskey } from '../local/attempts.js';
import { offersPasskeys } from '../page-brand.js';
import { secondsUntil, statusText } from '../refusals.js';
import { visitorOf, type SignInProof } from '../sessions.js';
import { codeOf, dropCode } from '../pending.js';
import type { Entry } from '../sign-in-flow.js';
import type { PasskeyQuestion } from '../views/passkey-place.js';
import { enter, makeSession, refuseForwarded, type Opened } from './complete-sign-in.js';
import { credentialOf, formTokenFor, readOwnForm, type OwnForm } from './form-input.js';
import { showLocked, showRefusal } from './page-errors.js';
import { countFactorPost, findPending, showTenantBrand } from './pending-step.js';
import { countAccountPost } from './sign-in-limits.js';
import { steps, type Exchange } from './steps.js';

/** Own paths the answers of passkeys are posted to. */
export const passkeyPath = '/signin/passkey';
export const passkeyFactorPath = '/signin/2fa/passkey';

/** What a sign-in page asks for as a first factor; undefined where the tenant has no passkeys. */
export function askedPasskey(
  core: Core,
  res: Response,
  { flow, context }: Entry,
): PasskeyQuestion | undefined {
  if (!offersPasskeys(res)) return undefined;
  const options = passkeyRequest(core, 'sign-in', flow.id);
  return { does: 'get', options, action: passkeyPath, csrf: formTokenFor(flow, context) };
}

/** The same in place of a code, of the passkeys this person has. */
export function askedSecondPasskey(
  core: Core,
  res: Response,
  { flow, context }: Entry,
  known: readonly Passkey[],
): PasskeyQuestion | undefined {
  if (!offersPasskeys(res) || known.length === 0) return undefined;
  const options = passkeyRequest(core, 'sign-in', flow.id, known);
  return { does: 'get', options, action: passkeyFactorPath, csrf: formTokenFor(flow, context) };
}

/** What became of an answer; plain JSON, so that a second click at another process can be answered alike. */
type PasskeyResult =
  | { kind: 'token'; opened: Opened }
  | { kind: 'refused'; status: EntryStatus }
  | { kind: 'wrong' }
  | { kind: 'locked'; until: string };

const proofBy = (amr: readonly string[]): SignInProof => ({
  method: amr === passkeyAlone ? 'passkey' : 'password',
  amr: [...amr],
  connectionId: null,
  providerSid: null,
});

async function settle(
  core: Core,
  req: Request,
  { settings, user }: Pick<Admission, 'settings' | 'user'>,
  use: PasskeyUse | undefined,
): Promise<Exclude<PasskeyResult, { kind: 'token' | 'refused' }> | 'right'> {
  const subject = {
    tenantId: user.tenantId,
    id: user._id,
    label: user.email ?? user.userName,
    isKnown: true,
    isRecorded: true,
    settings,
    device: deviceOf(core, req).at(user._id),
  };
  const verdict = await settlePasskey(core, subject, visitorOf(req), { use, now: core.clock.now() });
  if (verdict === 'right') return 'right';
  return verdict === 'wrong' ? { kind: 'wrong' } : { kind: 'locked', until: verdict.until.toISOString() };
}

async function judgeFirst(core: Core, req: Request, { flow, context }: Entry): Promise<PasskeyResult> {
  const answer = { purpose: 'sign-in', holder: flow.id, credential: credentialOf(req) } as const;
  const use = await judgePasskey(core, answer);
  if (!use) return { kind: 'wrong' };
  await countAccountPost(core, req, use.userId);
  const found = await readAdmission(core, use.tenantId, use.userId, deviceOf(core, req));
  if (!found?.settings['passkeys.enabled']) return { kind: 'wrong' };
  const accessStamp = accessStampOf(found.user);
  await refuseForwarded(core, found.user);
  const settled = await settle(core, req, found, use);
  if (settled !== 'right') return settled;
  const admission = await readAdmission(core, use.tenantId, use.userId, deviceOf(core, req));
  if (!admission || !mayEnter(admission.status))
    return { kind: 'refused', status: admission?.status ?? 'deleted' };
  const proof = proofBy(passkeyAlone);
  return { kind: 'token', opened: await makeSession(core, req, { context, admission, proof, accessStamp }) };
}

type Answering = Exchange & OwnForm & { result: PasskeyResult };

/** What is sent twice is judged once. */
const judgeOnce =
  (judge: (core: Core, req: Request, tab: Entry) => Promise<PasskeyResult>) =>
  async (state: Exchange & OwnForm): Promise<{ result: PasskeyResult }> => {
    const { core, req, flow, nonce } = state;
    const sent = String(((req.body ?? {}) as Record<string, unknown>)['credential']);
    return { result: await once(core, flow, [nonce, 'passkey', sent], () => judge(core, req, state)) };
  };

function answerPasskey({ core, res, context, result }: Answering): void {
  switch (result.kind) {
    case 'token':
      enter(core, res, context, result.opened);
      return;
    case 'refused':
      showRefusal(res, statusText(result.status), context);
      return;
    case 'locked':
      showLocked(res, secondsUntil(new Date(result.until), core.clock.now()), context);
      return;
    case 'wrong':
      showRefusal(res, 'That passkey does not sign you in here. Please try another way.', context, 401);
  }
}

async function judgeSecond(core: Core, req: Request, { flow, context }: Entry): Promise<PasskeyResult> {
  const pending = codeOf(core, flow, context.id);
  const device = deviceOf(core, req);
  const asked = pending && (await readAdmission(core, pending.tenantId, pending.userId, device));
  if (!asked || pending.offered !== undefined)
    throw new AppError('csrf.invalid', 'This page has expired. Please sign in again.');
  await refuseForwarded(core, asked.user);
  if (!mayEnter(asked.status) && asked.status !== 'locked') return { kind: 'refused', status: asked.status };
  const answer = { purpose: 'sign-in', holder: flow.id, credential: credentialOf(req) } as const;
  const use = asked.settings['passkeys.enabled'] ? await judgePasskey(core, answer, pending) : undefined;
  const settled = await settle(core, req, asked, use);
  if (settled !== 'right') return settled;
  await dropCode(core, flow, pending.id);
  // The status once more: it may have changed while the person was asked.
  const admission = await readAdmission(core, pending.tenantId, pending.userId, device);
  if (!admission || !mayEnter(admission.status)) return { kind: 'wrong' };
  const { accessStamp } = pending;
  const proof = proofBy(passwordAndPasskey);
  return { kind: 'token', opened: await makeSession(core, req, { context, admission, proof, accessStamp }) };
}

/** `POST /signin/passkey`: a passkey alone signs in; whose account it is, it says itself. */
export const takePasskey = steps().step(readOwnForm).step(judgeOnce(judgeFirst)).end(answerPasskey);

/** `POST /signin/2fa/passkey`: a passkey in place of a code. */
export const takePasskeyFactor = steps()
  .step(readOwnForm)
  .step(findPending)
  .step(countFactorPost)
  .step(showTenantBrand)
  .step(judgeOnce(judgeSecond))
  .end(answerPasskey);
