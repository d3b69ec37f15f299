import { interactionPolicy } from '../../infrastructure/oidc-provider-library.js';

/**
 * When an authorization request shows the sign-in page: the library's own reasons (nobody signed in, `prompt=login`, `max_age`, another
 * account in `id_token_hint`), and whenever the browser's session does not do for this application: ended, of another tenant's user,
 * disabled since. Consent is never asked; `prompt=consent` is answered at once.
 */
export function signInPolicy(): ReturnType<typeof interactionPolicy.base> {
  const { Check, Prompt, base } = interactionPolicy;
  const policy = base();
  // A browser holds one account at a time, so choosing another means signing in with it.
  policy.add(new Prompt({ name: 'select_account', requestable: true }), 0);
  policy.get('login')?.checks.add(
    // The third argument makes prompt=none answer login_required, as OpenID Connect Core section 3.1.2.6 wants it.
    new Check(
      'session_unusable',
      'the session does not serve this application',
      'login_required',
      (ctx) => ctx.oidc.session?.accountId !== undefined && ctx.oidc.account === undefined,
    ),
  );
  return policy;
}
