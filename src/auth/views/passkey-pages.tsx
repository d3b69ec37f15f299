import type { ReactElement } from 'react';
import { Ago } from './ago.js';
import { useText } from './language.js';
import { Hidden, Page } from './layout.js';
import { PasskeyPlace, type PasskeyQuestion } from './passkey-place.js';

/** A passkey as its owner sees it. */
export interface ShownPasskey {
  id: string;
  name: string;
  addedAt: Date;
  lastUsedAt: Date | null;
}

/** The part of the account page about passkeys. */
export function PasskeysSection({
  csrf,
  now,
  passkeys,
}: {
  csrf: string;
  now: Date;
  passkeys: readonly ShownPasskey[];
}): ReactElement {
  const t = useText();
  return (
    <section id="passkeys">
      <h2>{t('Passkeys')}</h2>
      <p>
        {t(
          'A passkey signs you in by your fingerprint, your face or the PIN of your device, without a password.',
        )}
      </p>
      {passkeys.length > 0 && (
        <ul className="rows">
          {passkeys.map((passkey) => (
            <PasskeyRow key={passkey.id} csrf={csrf} now={now} passkey={passkey} />
          ))}
        </ul>
      )}
      <form method="post" action="/account/passkeys">
        <Hidden csrf={csrf} />
        <button type="submit" className="quiet">
          {t('Add a passkey')}
        </button>
      </form>
    </section>
  );
}

function PasskeyRow({
  csrf,
  now,
  passkey,
}: {
  csrf: string;
  now: Date;
  passkey: ShownPasskey;
}): ReactElement {
  const t = useText();
  const { addedAt, id, lastUsedAt, name } = passkey;
  return (
    <li className="row">
      <div>
        {name}
        <br />
        <span className="quiet">
          {t('added')} <Ago at={addedAt} now={now} />
          {lastUsedAt !== null && (
            <>
              , {t('last used')} <Ago at={lastUsedAt} now={now} />
            </>
          )}
        </span>
      </div>
      <form method="post" action="/account/passkeys/remove">
        <Hidden csrf={csrf} values={{ passkey: id }} />
        <button type="submit" className="quiet" aria-label={`${t('Remove')}: ${name}`}>
          {t('Remove')}
        </button>
      </form>
    </li>
  );
}

/** Where a browser makes a passkey. */
export function NewPasskeyPage({
  alert,
  question,
}: {
  alert?: string | undefined;
  question: PasskeyQuestion;
}): ReactElement {
  const t = useText();
  return (
    <Page title="Add a passkey" alert={alert} withScript>
      <p>
        {t(
          'Your browser will ask for your fingerprint, your face or the PIN of your device. It needs JavaScript, and a device that keeps passkeys.',
        )}
      </p>
      <PasskeyPlace {...question} />
      <p>
        <a href="/account/security">{t('Back to your account')}</a>
      </p>
    </Page>
  );
}

/** Asks for a proof once more, before what only the person of the account may do. */
export function ProofPage(props: {
  csrf: string;
  hasPassword: boolean;
  hasApp: boolean;
  passkey: PasskeyQuestion | undefined;
  alert?: string | undefined;
}): ReactElement {
  const { csrf, hasApp, hasPassword, passkey } = props;
  const t = useText();
  return (
    <Page title="Is it still you?" alert={props.alert} withScript>
      <p>{t('You signed in a while ago. Please show once more that it is you.')}</p>
      {(hasPassword || hasApp) && (
        <form method="post" action="/account/proof">
          <Hidden csrf={csrf} />
          <label htmlFor="proof">{hasPassword ? t('Your password') : t('A code of your app')}</label>
          {hasPassword ? (
            <input
              id="proof"
              name="password"
              type="password"
              autoComplete="current-password"
              required
              autoFocus
            />
          ) : (
            <input
              id="proof"
              name="code"
              inputMode="numeric"
              autoComplete="one-time-code"
              maxLength={64}
              required
            />
          )}
          <button type="submit">{t('Continue')}</button>
        </form>
      )}
      {passkey && <PasskeyPlace {...passkey} isOther={hasPassword || hasApp} />}
      {!hasPassword && !hasApp && (
        <p>
          <a href="/signin">{t('Sign in again')}</a>
        </p>
      )}
      <p>
        <a href="/account/security">{t('Back to your account')}</a>
      </p>
    </Page>
  );
}
