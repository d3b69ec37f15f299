import type { ReactElement } from 'react';
import { EmailField } from './email-field.js';
import { useText } from './language.js';
import { Page } from './layout.js';

/** What a person types to get an account. */
export interface RegistrationFields {
  email: string;
  givenName: string;
  familyName: string;
}

/** Asks for name and address; the password is chosen once the address is confirmed. */
export function RegisterPage(props: {
  tenant: string;
  fields: RegistrationFields;
  alert?: string | undefined;
}): ReactElement {
  const { alert, fields, tenant } = props;
  const t = useText();
  return (
    <Page title="Create an account" alert={alert}>
      <form method="post" action="/register">
        <input type="hidden" name="tenant" value={tenant} />
        <label htmlFor="givenName">{t('First name')}</label>
        <input
          id="givenName"
          name="givenName"
          autoComplete="given-name"
          maxLength={200}
          required
          defaultValue={fields.givenName}
        />
        <label htmlFor="familyName">{t('Last name')}</label>
        <input
          id="familyName"
          name="familyName"
          autoComplete="family-name"
          maxLength={200}
          required
          defaultValue={fields.familyName}
        />
        <EmailField email={fields.email} />
        <button type="submit">{t('Create account')}</button>
      </form>
      <p>
        <a href={`/signin?tenant=${encodeURIComponent(tenant)}`}>{t('I have an account')}</a>
      </p>
    </Page>
  );
}

/** The same for every address. */
export function RegisteredPage({ email, tenant }: { email: string; tenant: string }): ReactElement {
  const t = useText();
  return (
    <Page
      title="Look into your mailbox"
      notice={`We have sent a mail to ${email}. Follow its link to confirm the address and choose your password.`}
    >
      <p>
        <a href={`/signin?tenant=${encodeURIComponent(tenant)}`}>{t('Back to sign-in')}</a>
      </p>
    </Page>
  );
}

/** Confirms a new address: a button, as mail scanners follow links. */
export function ConfirmAddressPage({ action, address }: { action: string; address: string }): ReactElement {
  const t = useText();
  return (
    <Page title="Confirm your address">
      <p>
        <strong>{address}</strong>{' '}
        {t('becomes the address of your account. You sign in with it from then on.')}
      </p>
      <form method="post" action={action}>
        <button type="submit">{t('Confirm this address')}</button>
      </form>
    </Page>
  );
}
