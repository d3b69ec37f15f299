import type { ReactElement } from 'react';
import { useText } from './language.js';
import { Hidden, Page } from './layout.js';

/** Asks before signing out, since a link to it may have been followed unwillingly. */
export function SignOutPage({ csrf, email }: { csrf: string; email: string }): ReactElement {
  const t = useText();
  return (
    <Page title="Sign out">
      <p>{t('You are signed in as {{email}}.', { email })}</p>
      <form method="post" action="/signout">
        <Hidden csrf={csrf} />
        <button type="submit">{t('Sign out')}</button>
      </form>
      <p>
        <a href="/account">{t('Stay signed in')}</a>
      </p>
    </Page>
  );
}

/** The end of a session. */
export function SignedOutPage(): ReactElement {
  const t = useText();
  return (
    <Page title="You are signed out">
      <p>
        <a href="/signin">{t('Sign in again')}</a>
      </p>
    </Page>
  );
}
