import type { ReactElement } from 'react';
import { EmailField } from './email-field.js';
import { useText } from './language.js';
import { Page, useBrand, WhoField } from './layout.js';

const signInPath = (flow: string | undefined): string =>
  flow === undefined ? '/signin' : `/signin?flow=${encodeURIComponent(flow)}`;

/** The form that asks for a link; posted, it says the same to everybody. */
function ForgotForm(props: {
  tenant?: string | undefined;
  flow?: string | undefined;
  email: string;
  button: string;
}): ReactElement {
  return (
    <form method="post" action="/forgot">
      {props.tenant !== undefined && <input type="hidden" name="tenant" value={props.tenant} />}
      {props.flow !== undefined && <input type="hidden" name="flow" value={props.flow} />}
      <EmailField email={props.email} />
      <button type="submit">{props.button}</button>
    </form>
  );
}

/** Asks for the address a link shall be sent to. */
export function ForgotPage(props: {
  tenant: string | undefined;
  /** The sign-in they came from. */
  flow: string | undefined;
  email: string;
  alert?: string;
}): ReactElement {
  const t = useText();
  return (
    <Page title="Forgot your password?" alert={props.alert}>
      <p>{t('We send you a link to set a new one.')}</p>
      <ForgotForm tenant={props.tenant} flow={props.flow} email={props.email} button={t('Send me a link')} />
      <p>
        <a href={signInPath(props.flow)}>{t('Back to sign-in')}</a>
      </p>
    </Page>
  );
}

/** One page for used, late, revoked and invented links; each kind has its own way on. */
export function DeadLinkPage({ kind }: { kind: 'reset' | 'activation' | 'address' }): ReactElement {
  const t = useText();
  return (
    <Page
      title="This link is no longer good"
      alert="It has been used, has expired, or has been replaced by a newer one."
    >
      {kind === 'reset' && <ForgotForm email="" button={t('Send me a new link')} />}
      {kind === 'address' && <p>{t('You can ask for a new link in your account.')}</p>}
      {kind === 'activation' && (
        <p>
          {t(
            'Your account is active if you have chosen a password already: sign in with it. If not, ask the person who invited you to send the invitation again.',
          )}
        </p>
      )}
      <p>
        <a href="/signin">{t('Go to sign-in')}</a>
      </p>
    </Page>
  );
}

/** The same for every address. */
export function ForgotDonePage({ email, flow }: { email: string; flow: string | undefined }): ReactElement {
  const t = useText();
  return (
    <Page
      title="Look into your mailbox"
      notice={`If there is an account for ${email}, we have sent a mail to it.`}
    >
      <p>
        <a href={signInPath(flow)}>{t('Back to sign-in')}</a>
      </p>
    </Page>
  );
}

/** Sets a password, by a link in a mail: the first one (with the terms) or a new one. */
export function NewPasswordPage(props: {
  title: string;
  /** Own path the form posts to. */
  action: string;
  email: string;
  minLength: number;
  button: string;
  /** Where the terms stand that are accepted with it; empty: none. */
  termsUrl: string;
  alert?: string | undefined;
}): ReactElement {
  const t = useText();
  return (
    <Page title={props.title} alert={props.alert} withScript>
      <form method="post" action={props.action}>
        <WhoField email={props.email} />
        <label htmlFor="password">{t('New password')}</label>
        <input
          id="password"
          name="password"
          type="password"
          autoComplete="new-password"
          aria-describedby="rule"
          required
          autoFocus
        />
        <p id="rule" className="quiet">
          {t('At least {{count}} characters. A few words are easier to remember than signs.', {
            count: props.minLength,
          })}
        </p>
        <label htmlFor="password2">{t('New password again')}</label>
        <input id="password2" name="password2" type="password" autoComplete="new-password" required />
        {props.termsUrl !== '' && (
          <p>
            <input id="terms" name="terms" type="checkbox" value="on" required />
            <label htmlFor="terms" className="inline">
              {t('I accept the')} <a href={props.termsUrl}>{t('terms of use')}</a>
            </label>
          </p>
        )}
        <button type="submit">{t(props.button)}</button>
      </form>
    </Page>
  );
}

/** Activation of a person whose company signs them in: there is no password to set. */
export function ActivateThroughCompanyPage({ ssoPath }: { ssoPath: string }): ReactElement {
  const { name } = useBrand();
  const t = useText();
  return (
    <Page title="Activate your account">
      <p>{t('Your company signs you in. The first sign-in activates your account.')}</p>
      <a className="button" href={ssoPath}>
        {t('Continue through {{name}}', { name })}
      </a>
    </Page>
  );
}
