import type { ReactElement } from 'react';
import { AccountFrame, type AccountFrameProps } from './account-frame.js';
import { useText } from './language.js';
import { Hidden, UserNameField } from './layout.js';
import { PasskeysSection, type ShownPasskey } from './passkey-pages.js';

export interface SecurityPageProps extends AccountFrameProps {
  email: string;
  now: Date;
  /** undefined: the company has the password. */
  minLength: number | undefined;
  secondFactor: {
    isOn: boolean;
    mode: 'off' | 'optional' | 'required';
    hasPassword: boolean;
    /** Backup codes that are not used yet. */
    codesLeft: number;
  };
  /** undefined: the organization has no passkeys, or the company signs the person in. */
  passkeys: readonly ShownPasskey[] | undefined;
}

/** `/account/security`: what secures one's own account. */
export function SecurityPage(props: SecurityPageProps): ReactElement {
  const { csrf, email, minLength, now, passkeys, secondFactor } = props;
  const t = useText();
  const isCompanys = minLength === undefined && secondFactor.mode === 'off' && passkeys === undefined;
  return (
    <AccountFrame {...props} place="security">
      {isCompanys && <p>{t('Your company signs you in: it keeps your password and your second factor.')}</p>}
      {minLength !== undefined && <PasswordSection csrf={csrf} email={email} minLength={minLength} />}
      {secondFactor.mode !== 'off' && <SecondFactorSection csrf={csrf} {...secondFactor} />}
      {passkeys && <PasskeysSection csrf={csrf} passkeys={passkeys} now={now} />}
    </AccountFrame>
  );
}

function PasswordSection(props: { csrf: string; email: string; minLength: number }): ReactElement {
  const { csrf, email, minLength } = props;
  const t = useText();
  return (
    <section id="password-change">
      <h2>{t('Password')}</h2>
      <form method="post" action="/account/password">
        <Hidden csrf={csrf} />
        <UserNameField email={email} />
        <label htmlFor="current">{t('Current password')}</label>
        <input id="current" name="current" type="password" autoComplete="current-password" required />
        <label htmlFor="password">{t('New password')}</label>
        <input
          id="password"
          name="password"
          type="password"
          autoComplete="new-password"
          aria-describedby="rule"
          required
        />
        <p id="rule" className="quiet">
          {t('At least {{count}} characters. A few words are easier to remember than signs.', {
            count: minLength,
          })}{' '}
          {t('Changing your password signs you out everywhere.')}
        </p>
        <label htmlFor="password2">{t('Repeat password')}</label>
        <input id="password2" name="password2" type="password" autoComplete="new-password" required />
        <button type="submit">{t('Change password')}</button>
      </form>
    </section>
  );
}

function ProofField({ id, hasPassword }: { id: string; hasPassword: boolean }): ReactElement {
  const t = useText();
  return hasPassword ? (
    <>
      <label htmlFor={id}>{t('Your password')}</label>
      <input id={id} name="password" type="password" autoComplete="current-password" required />
    </>
  ) : (
    <>
      <label htmlFor={id}>{t('A code of your app')}</label>
      <input id={id} name="code" inputMode="numeric" autoComplete="one-time-code" maxLength={64} required />
    </>
  );
}

function FactorForm(props: {
  csrf: string;
  action: string;
  proofId?: string;
  hasPassword: boolean;
  button: string;
}) {
  const { action, button, csrf, hasPassword, proofId } = props;
  return (
    <form method="post" action={action}>
      <Hidden csrf={csrf} />
      {proofId !== undefined && <ProofField id={proofId} hasPassword={hasPassword} />}
      <button type="submit" className="quiet">
        {button}
      </button>
    </form>
  );
}

function SecondFactorSection(props: { csrf: string } & SecurityPageProps['secondFactor']): ReactElement {
  const { codesLeft, csrf, hasPassword, isOn, mode } = props;
  const t = useText();
  const shared = { csrf, hasPassword };
  return (
    <section id="second-factor">
      <h2>{t('Second factor')}</h2>
      <p>
        {isOn
          ? t('On: signing in asks for a code of your authenticator app.')
          : t('Off: your password alone signs you in.')}
      </p>
      {isOn && <p>{t('Backup codes left: {{count}}', { count: codesLeft })}</p>}
      {isOn ? (
        <FactorForm
          {...shared}
          action="/account/2fa"
          proofId="proof-replace"
          button={t('Use another authenticator app')}
        />
      ) : (
        <FactorForm {...shared} action="/account/2fa" button={t('Set up an authenticator app')} />
      )}
      {isOn && (
        <FactorForm
          {...shared}
          action="/account/2fa/backup-codes"
          proofId="proof-codes"
          button={t('New backup codes')}
        />
      )}
      {isOn && mode !== 'required' && (
        <FactorForm
          {...shared}
          action="/account/2fa/remove"
          proofId="proof-remove"
          button={t('Switch off')}
        />
      )}
    </section>
  );
}
