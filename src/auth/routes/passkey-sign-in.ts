import type { Request, Response } from 'express';
import { judgePasskey, passkeyRequest } from '../../identity/credentials/passkey-use.js';
import type { Core } from '../../identity/core.js';
import { accessStampOf } from '../../identity/users/session-end.js';
import { passkeyAlone, passwordAndPasskey } from '../../identity/users/sessions.js';
import type { Passkey } from '../../persistence/collections/credentials.js';
import { mayEnter, readAdmission } from '../admission.js';
import { deviceOf } from '../devices.js';
import { once } from '../double-click.js';
import { subjectOf } from '../local/attempt-subject.js';
import { settlePasskey } from '../local/attempts.js';
import { offersPasskeys } from '../page-brand.js';
import { visitorOf, type SignInProof } from '../sessions.js';
import type { Entry } from '../sign-in-flow.js';
import type { PasskeyQuestion } from '../views/passkey-place.js';
import { makeSession, refuseForwarded } from './complete-sign-in.js';
import { answerFactor, judgeSecondFactor, type FactorResult } from './factor-judgement.js';
import { credentialOf, formTokenFor, readOwnForm, type OwnForm } from './form-input.js';
import { showRefusal } from './page-errors.js';
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

const proofBy = (amr: readonly string[]): SignInProof => ({
  method: amr === passkeyAlone ? 'passkey' : 'password',
  amr: [...amr],
  connectionId: null,
  providerSid: null,
});

async function judgeFirst(core: Core, req: Request, { flow, context }: Entry): Promise<FactorResult> {
  const answer = { purpose: 'sign-in', holder: flow.id, credential: credentialOf(req) } as const;
  const use = await judgePasskey(core, answer);
  if (!use) return { kind: 'wrong' };
  await countAccountPost(core, req, use.userId);
  const found = await readAdmission(core, use.tenantId, use.userId, deviceOf(core, req));
  if (!found?.settings['passkeys.enabled']) return { kind: 'wrong' };
  const accessStamp = accessStampOf(found.user);
  await refuseForwarded(core, found.user);
  const subject = subjectOf(found.user, found.settings, deviceOf(core, req));
  const verdict = await settlePasskey(core, subject, visitorOf(req), { use, now: core.clock.now() });
  if (verdict === 'wrong') return { kind: 'wrong' };
  if (verdict !== 'right') return { kind: 'locked', until: verdict.until.toISOString() };
  const admission = await readAdmission(core, use.tenantId, use.userId, deviceOf(core, req));
  if (!admission || !mayEnter(admission.status))
    return { kind: 'refused', status: admission?.status ?? 'deleted' };
  const proof = proofBy(passkeyAlone);
  return { kind: 'token', opened: await makeSession(core, req, { context, admission, proof, accessStamp }) };
}

type Answering = Exchange & OwnForm & { result: FactorResult };

/** What is sent twice is judged once. */
const judgeOnce =
  (judge: (core: Core, req: Request, tab: Entry) => Promise<FactorResult>) =>
  async (state: Exchange & OwnForm): Promise<{ result: FactorResult }> => {
    const { core, req, flow, nonce } = state;
    const sent = String(((req.body ?? {}) as Record<string, unknown>)['credential']);
    return { result: await once(core, flow, [nonce, 'passkey', sent], () => judge(core, req, state)) };
  };

const answerPasskey = (answering: Answering): Promise<void> | void =>
  answerFactor(answering, () => {
    const text = 'That passkey does not sign you in here. Please try another way.';
    showRefusal(answering.res, text, answering.context, 401);
  });

const judgeSecond = (core: Core, req: Request, tab: Entry): Promise<FactorResult> =>
  judgeSecondFactor(core, req, tab, {
    proof: proofBy(passwordAndPasskey),
    async settle(subject, { settings }, pending) {
      const answer = { purpose: 'sign-in', holder: tab.flow.id, credential: credentialOf(req) } as const;
      const use = settings['passkeys.enabled'] ? await judgePasskey(core, answer, pending) : undefined;
      return settlePasskey(core, subject, visitorOf(req), { use, now: core.clock.now() });
    },
  });

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
