import type { ReactElement } from 'react';
import { useText } from './language.js';
import { Hidden, Page } from './layout.js';

/** Own path at which terms that have changed are accepted. */
export const termsPath = '/account/terms';

/** Where to go on after the terms. */
export const termsPathTo = (returnTo: string): string =>
  `${termsPath}?return_to=${encodeURIComponent(returnTo)}`;

/** Terms that have changed since they were accepted. */
export function TermsPage(props: {
  csrf: string;
  termsUrl: string;
  returnTo: string;
  alert?: string | undefined;
}): ReactElement {
  const t = useText();
  return (
    <Page title="The terms of use have changed" alert={props.alert}>
      <form method="post" action={termsPath}>
        <Hidden csrf={props.csrf} values={{ return_to: props.returnTo }} />
        <p>
          <input id="terms" name="terms" type="checkbox" value="on" required />
          <label htmlFor="terms" className="inline">
            {t('I accept the')} <a href={props.termsUrl}>{t('terms of use')}</a>
          </label>
        </p>
        <button type="submit">{t('Continue')}</button>
      </form>
      <p>
        <a href="/signout">{t('Sign out')}</a>
      </p>
    </Page>
  );
}
