import type { ReactElement } from 'react';
import { useText } from './language.js';
import { alertId, Hidden, Page, WhoField } from './layout.js';
import { qrCodeImage } from './qr-code.js';

/** Four characters at a time are easier to copy by hand. */
const inGroups = (secret: string): string => secret.replace(/(.{4})(?=.)/g, '$1 ');

/** Sets an authenticator app up: what it scans or is told, and its first code. */
export function EnrolmentPage(props: {
  csrf: string;
  /** Own path the form posts to. */
  action: string;
  email: string;
  tenantName: string;
  secret: string;
  otpauthUrl: string;
  /** Whether there is no way around it. */
  isRequired: boolean;
  back: { href: string; text: string };
  alert?: string | undefined;
}): ReactElement {
  const t = useText();
  return (
    <Page title="Set up your second factor" alert={props.alert}>
      <p>
        {props.isRequired && `${t('{{name}} asks for a second factor.', { name: props.tenantName })} `}
        {t('Scan this code with an authenticator app on your phone, then type the six digits the app shows.')}
      </p>
      <p className="qr">
        <img
          src={qrCodeImage(props.otpauthUrl)}
          width={220}
          height={220}
          alt={t('QR code for your authenticator app')}
        />
      </p>
      <p>
        {t('Or type this key into the app:')} <code id="secret">{inGroups(props.secret)}</code>
      </p>
      <p>
        <a href={props.otpauthUrl}>{t('Open your authenticator app on this device')}</a>
      </p>
      <FirstCodeForm {...props} />
      <p>
        <a href={props.back.href}>{t(props.back.text)}</a>
      </p>
    </Page>
  );
}

function FirstCodeForm(props: {
  csrf: string;
  action: string;
  email: string;
  alert?: string | undefined;
}): ReactElement {
  const t = useText();
  const faulty = props.alert !== undefined && { 'aria-invalid': true, 'aria-describedby': alertId };
  return (
    <form method="post" action={props.action}>
      <Hidden csrf={props.csrf} />
      <WhoField email={props.email} />
      <label htmlFor="code">{t('Code')}</label>
      <input
        id="code"
        className="code"
        name="code"
        inputMode="numeric"
        autoComplete="one-time-code"
        spellCheck={false}
        maxLength={64}
        required
        autoFocus
        {...faulty}
      />
      <button type="submit">{t('Switch on')}</button>
    </form>
  );
}

/** The backup codes, shown this once. */
export function BackupCodesPage({ codes, next }: { codes: readonly string[]; next: string }): ReactElement {
  const t = useText();
  return (
    <Page title="Your backup codes" notice="Your second factor is on.">
      <p>
        {t(
          'Keep these codes where your phone is not. Each one signs you in once in place of a code of the app. They are not shown again.',
        )}
      </p>
      <ul className="codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <p>
        <a className="button" href={next}>
          {t('I have kept them: continue')}
        </a>
      </p>
    </Page>
  );
}
