import type { ReactElement } from 'react';
import { useText } from './language.js';
import { Hidden, Page } from './layout.js';

/** What each scope of the OpenID provider means to the person who is asked. */
const scopeTexts: Readonly<Record<string, string>> = {
  openid: 'know who you are',
  email: 'see your email address',
  profile: 'see your name',
  roles: 'see your roles in it',
  groups: 'see the groups you are in',
  offline_access: 'keep this access while you are signed in, also when you do not use it',
  'scim:me': 'read and change your profile',
};

/** What is asked, in words for the person. @param word - as a consent holds it. */
export function consentText(word: string): string {
  const known = scopeTexts[word];
  if (known !== undefined) return known;
  const [place = '', name = ''] = word.split(' ');
  return place === 'claim' ? `see your ${name}` : `use ${name} at ${place}`;
}

/** Asks whether an application of somebody else may have what it asks for. */
export function ConsentPage(props: {
  csrf: string;
  action: string;
  applicationName: string;
  email: string;
  asked: readonly string[];
}): ReactElement {
  const { csrf, action, applicationName, email, asked } = props;
  const t = useText();
  return (
    <Page title={`Let ${applicationName} in?`}>
      <p>
        {t('You are signed in as {{email}}.', { email })} {t('{{name}} asks to:', { name: applicationName })}
      </p>
      <ul>
        {asked.map((word) => (
          <li key={word}>{t(consentText(word))}</li>
        ))}
      </ul>
      <form method="post" action={action}>
        <Hidden csrf={csrf} />
        <button type="submit" name="decision" value="allow">
          {t('Allow')}
        </button>
        <button type="submit" name="decision" value="deny" className="quiet">
          {t('Do not allow')}
        </button>
      </form>
      <p className="quiet">{t('You can take this back at any time on your account page.')}</p>
    </Page>
  );
}
