import type { Request, Response } from 'express';
import { z } from 'zod';
import { askAddressChange } from '../../identity/credentials/own-address.js';
import { requireOwnProof } from '../../identity/credentials/own-proof.js';
import { addPasskey, passkeyCreation, removePasskey } from '../../identity/credentials/passkeys.js';
import { passkeyRequest } from '../../identity/credentials/passkey-use.js';
import type { Core } from '../../identity/core.js';
import { isProofRecent, noteProof } from '../../identity/users/sessions.js';
import { AppError } from '../../shared/errors.js';
import { sessionFormToken, type LiveSession } from '../session-guard.js';
import { acceptTerms } from '../../identity/users/terms.js';
import { ownPath } from '../sign-in-flow.js';
import { accountPlaces } from '../views/account-frame.js';
import { TermsPage, termsPath } from '../views/terms-page.js';
import { sendPage } from '../views/layout.js';
import { NewPasskeyPage, ProofPage } from '../views/passkey-pages.js';
import { actorOf, type AccountWork } from './account-form.js';
import { credentialOf } from './form-input.js';

const nameForm = z.object({ name: z.string().trim().min(1).max(60) });
const emailForm = z.object({ email: z.string().max(254) });
const passkeyForm = z.object({ passkey: z.string().max(2000) });
const proofForm = z.object({
  password: z.string().min(1).max(1000).optional(),
  code: z.string().min(1).max(64).optional(),
});

/** Asks who it is, where the last proof is too old for what was asked for. @returns whether it did. */
async function askProof(core: Core, live: LiveSession, res: Response, alert?: string): Promise<boolean> {
  const { session, settings, user } = live;
  if (alert === undefined && isProofRecent(session, settings, core.clock.now())) return false;
  const credential = await core.store.tenant(user.tenantId).collection('credentials').get(user._id);
  const known = credential?.passkeys ?? [];
  const csrf = sessionFormToken(core, session);
  const options = passkeyRequest(core, 'confirm', session._id, known);
  const passkey = { does: 'get', options, action: '/account/proof', csrf } as const;
  sendPage(
    res,
    alert === undefined ? 200 : 400,
    <ProofPage
      csrf={csrf}
      hasPassword={Boolean(credential?.passwordHash)}
      hasApp={credential?.twoFactor?.state === 'on'}
      passkey={known.length > 0 ? passkey : undefined}
      alert={alert}
    />,
  );
  return true;
}

const takeProof: AccountWork = async (core, live, req, res) => {
  const credential = credentialOf(req);
  const passkey = credential === null ? undefined : { credential, holder: live.session._id };
  try {
    await requireOwnProof(core, live.user, { ...proofForm.safeParse(req.body).data, passkey });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'input.invalid') throw error;
    await askProof(core, live, res, 'That was not right. Please try again.');
    return;
  }
  await noteProof(core, live.session);
  res.redirect(303, `${accountPlaces.security.path}?done=proof`);
};

async function showNewPasskey(core: Core, live: LiveSession, res: Response, alert?: string): Promise<void> {
  const { session, settings, user } = live;
  const options = await passkeyCreation(core, user, settings, session._id);
  const csrf = sessionFormToken(core, session);
  const question = { does: 'create', options, action: '/account/passkeys/add', csrf } as const;
  sendPage(res, alert === undefined ? 200 : 400, <NewPasskeyPage question={question} alert={alert} />);
}

const takeNew: AccountWork = async (core, live, _req, res) => {
  if (!(await askProof(core, live, res))) await showNewPasskey(core, live, res);
};

const takeAnswer: AccountWork = async (core, live, req: Request, res) => {
  if (await askProof(core, live, res)) return;
  const { session, settings, user } = live;
  const name = nameForm.safeParse(req.body).data?.name ?? 'Passkey';
  const answer = { name, settings, holder: session._id, credential: credentialOf(req) };
  try {
    await addPasskey(core, await actorOf(core, live, req), user, answer);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'input.invalid') throw error;
    await showNewPasskey(core, live, res, 'That passkey was not accepted. Please try again.');
    return;
  }
  res.redirect(303, `${accountPlaces.security.path}?done=passkey`);
};

const takeRemoval: AccountWork = async (core, live, req, res) => {
  if (await askProof(core, live, res)) return;
  const id = passkeyForm.safeParse(req.body).data?.passkey ?? '';
  await removePasskey(core, await actorOf(core, live, req), live.user, id);
  res.redirect(303, `${accountPlaces.security.path}?done=passkey_off`);
};

const takeEmail: AccountWork = async (core, live, req, res) => {
  if (await askProof(core, live, res)) return;
  const text = emailForm.safeParse(req.body).data?.email ?? '';
  await askAddressChange(core, await actorOf(core, live, req), live.user, text);
  res.redirect(303, '/account?done=email');
};

/** Accepts terms that have changed, and goes on to where the person was going. */
const takeTerms: AccountWork = async (core, live, req, res) => {
  const { return_to: wanted, terms } = (req.body ?? {}) as Record<string, unknown>;
  const returnTo = ownPath(wanted) ?? '/account';
  if (terms !== 'on') {
    showTerms(core, live, res, { returnTo, alert: 'Please accept the terms of use.' });
    return;
  }
  await acceptTerms(core, await actorOf(core, live, req), live.user._id);
  res.redirect(303, returnTo);
};

/** The page of terms that have changed. */
export function showTerms(
  core: Core,
  { session, settings }: LiveSession,
  res: Response,
  { alert, returnTo }: { returnTo: string; alert?: string },
): void {
  const csrf = sessionFormToken(core, session);
  const page = <TermsPage csrf={csrf} termsUrl={settings['terms.url']} returnTo={returnTo} alert={alert} />;
  sendPage(res, alert === undefined ? 200 : 400, page);
}

/** Forms about what signs a person in that need a recent proof, by their own paths. */
export const provenForms: Readonly<Record<string, AccountWork>> = {
  '/account/passkeys': takeNew,
  '/account/passkeys/add': takeAnswer,
  '/account/passkeys/remove': takeRemoval,
  '/account/proof': takeProof,
};

/** Forms about the address and the terms, by their own paths. */
export const addressForms: Readonly<Record<string, AccountWork>> = {
  '/account/email': takeEmail,
  [termsPath]: takeTerms,
};
