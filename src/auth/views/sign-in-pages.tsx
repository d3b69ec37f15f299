import type { ReactElement, ReactNode } from 'react';
import { EmailField } from './email-field.js';
import { PasskeyPlace, type PasskeyQuestion } from './passkey-place.js';
import { useText } from './language.js';
import { alertId, Hidden, Page, useBrand, WhoField } from './layout.js';

interface FormPage {
  csrf: string;
  alert?: string | undefined;
}

const titleFor = (application: string | null): string =>
  application === null ? 'Sign in' : `Sign in to ${application}`;

/** Whether the form's field has the fault that the alert names. */
const faulty = (alert: string | undefined) =>
  alert === undefined ? {} : { 'aria-invalid': true as const, 'aria-describedby': alertId };

/** First step: the address decides where the sign-in goes on. */
export function EmailPage(
  props: FormPage & {
    application: string | null;
    email: string;
    signedInAs?: string | undefined;
    /** What was just done, for people who come back from a form. */
    notice?: string | undefined;
    passkey?: PasskeyQuestion | undefined;
    /** Where people make an account for themselves. */
    registerPath?: string | undefined;
  },
): ReactElement {
  const { passkey } = props;
  const t = useText();
  return (
    <Page
      title={titleFor(props.application)}
      alert={props.alert}
      notice={props.notice}
      withScript={passkey !== undefined}
    >
      {props.signedInAs !== undefined && (
        <p className="quiet">
          {t('You are signed in as {{email}}.', { email: props.signedInAs })}{' '}
          <a href="/account">{t('Go to your account')}</a>
        </p>
      )}
      <form method="post" action="/signin">
        <Hidden csrf={props.csrf} />
        <EmailField email={props.email} {...faulty(props.alert)} />
        <button type="submit">{t('Continue')}</button>
      </form>
      {passkey && <PasskeyPlace {...passkey} isOther />}
      {props.registerPath !== undefined && (
        <p>
          <a href={props.registerPath}>{t('Create an account')}</a>
        </p>
      )}
    </Page>
  );
}

/** Second step of a local sign-in; looks the same whether or not the address belongs to anybody. */
export function PasswordPage(
  props: FormPage & {
    application: string | null;
    email: string;
    restartPath: string;
    /** Path of the company's provider, where it may be used instead. */
    ssoPath?: string | undefined;
    /** The organization whose provider that is. */
    companyName?: string | undefined;
  },
): ReactElement {
  const t = useText();
  return (
    <Page title={titleFor(props.application)} alert={props.alert} withScript>
      <form method="post" action="/signin/password">
        <Hidden csrf={props.csrf} />
        <WhoField name="email" email={props.email} />
        <label htmlFor="password">{t('Password')}</label>
        <input
          id="password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          autoFocus
          {...faulty(props.alert)}
        />
        <button type="submit">{t('Sign in')}</button>
      </form>
      {props.ssoPath !== undefined && <CompanyButton href={props.ssoPath} company={props.companyName} />}
      <p>
        <a href={props.restartPath.replace('/signin', '/forgot')}>{t('Forgot your password?')}</a>
      </p>
      <p>
        <a href={props.restartPath}>{t('Use another email')}</a>
      </p>
    </Page>
  );
}

/** The other way in, where the company leaves the choice. */
function CompanyButton({ company, href }: { company: string | undefined; href: string }): ReactElement {
  const brand = useBrand();
  const t = useText();
  return (
    <>
      <p className="or">{t('or')}</p>
      <a className="button quiet" href={href}>
        {t('Sign in through {{name}}', { name: company ?? brand.name })}
      </a>
    </>
  );
}

export interface CodePageProps extends FormPage {
  email: string;
  restartPath: string;
  /** Whether there is an app whose code can be typed. */
  hasApp: boolean;
  /** Absent: the person has no passkey. */
  passkey?: PasskeyQuestion | undefined;
}

/** The second factor: a code from an app, or a backup code in the same field, or a passkey. */
export function CodePage(props: CodePageProps): ReactElement {
  const { hasApp, passkey } = props;
  const t = useText();
  return (
    <Page
      title={hasApp ? 'Enter your code' : 'Use your passkey'}
      alert={props.alert}
      withScript={passkey !== undefined}
    >
      {hasApp ? (
        <CodeForm {...props} />
      ) : (
        <p>
          {t('Your passkey for {{email}} is the second step. It needs a browser with JavaScript.', {
            email: props.email,
          })}
        </p>
      )}
      {passkey && <PasskeyPlace {...passkey} isOther={hasApp} />}
      <p>
        <a href={props.restartPath}>{t('Use another email')}</a>
      </p>
    </Page>
  );
}

function CodeForm(props: CodePageProps): ReactElement {
  const t = useText();
  return (
    <>
      <p>
        {t('Open your authenticator app for {{email}}. A backup code does as well.', {
          email: props.email,
        })}
      </p>
      <form method="post" action="/signin/2fa">
        <Hidden csrf={props.csrf} />
        <label htmlFor="code">{t('Code')}</label>
        <input
          id="code"
          className="code"
          name="code"
          inputMode="numeric"
          autoComplete="one-time-code"
          autoCapitalize="characters"
          spellCheck={false}
          maxLength={64}
          required
          autoFocus
          {...faulty(props.alert)}
        />
        <button type="submit">{t('Sign in')}</button>
      </form>
    </>
  );
}

/** One address, several tenants, one password right for more than one. */
export function ChoicePage(
  props: FormPage & { choice: string; accounts: readonly { userId: string; tenantName: string }[] },
): ReactElement {
  const t = useText();
  return (
    <Page title="Choose an account" alert={props.alert}>
      <p>{t('Your email has an account in more than one organization.')}</p>
      {props.accounts.map((account) => (
        <form key={account.userId} method="post" action="/signin/choice">
          <Hidden csrf={props.csrf} values={{ choice: props.choice, user: account.userId }} />
          <button type="submit" className="quiet">
            {account.tenantName}
          </button>
        </form>
      ))}
    </Page>
  );
}

/** Enough of a request's id to find it by, and short enough to be read out. */
const shortReference = (requestId: string): string => requestId.slice(-12);

/** A sign-in that ends here, in plain words, with a way on. */
export function RefusalPage(props: {
  title: string;
  alert: string;
  reference?: string | undefined;
  /** Seconds until another attempt is judged. */
  waitSeconds?: number | undefined;
  links: readonly { href: string; text: string }[];
  children?: ReactNode;
}): ReactElement {
  const t = useText();
  return (
    <Page title={props.title} alert={props.alert} withScript={props.waitSeconds !== undefined}>
      {props.waitSeconds !== undefined && <p role="timer" className="quiet" data-wait={props.waitSeconds} />}
      {props.children}
      {props.links.map(({ href, text }) => (
        <p key={href}>
          <a href={href}>{t(text)}</a>
        </p>
      ))}
      {props.reference !== undefined && (
        <p className="reference">{t('Reference: {{id}}', { id: shortReference(props.reference) })}</p>
      )}
    </Page>
  );
}
