import type { ReactElement } from 'react';
import { useText } from './language.js';

/** What the page's script asks the browser, and where its answer goes. */
export interface PasskeyQuestion {
  /** `get`: to use a passkey; `create`: to make one. */
  does: 'get' | 'create';
  /** Options of WebAuthn in their JSON form. */
  options: Readonly<Record<string, unknown>>;
  /** Own path the answer is posted to, as `credential`. */
  action: string;
  csrf: string;
}

const words = {
  get: { button: 'Use a passkey', failed: 'No passkey was used. You can try again, or go on another way.' },
  create: { button: 'Make a passkey', failed: 'No passkey was made. You can try again.' },
} as const;

/** The button for passkeys: hidden until the script shows it. */
export function PasskeyPlace({
  isOther = false,
  ...question
}: PasskeyQuestion & { isOther?: boolean }): ReactElement {
  const { button, failed } = words[question.does];
  const t = useText();
  return (
    <div hidden data-passkey={JSON.stringify({ ...question, words: t(failed) })}>
      {isOther && <p className="or">{t('or')}</p>}
      {question.does === 'create' && (
        <>
          <label htmlFor="passkey-name">{t('Name of the passkey')}</label>
          <input id="passkey-name" type="text" maxLength={60} defaultValue={t('My passkey')} />
        </>
      )}
      <button type="button" className={isOther ? 'quiet' : undefined}>
        {t(button)}
      </button>
    </div>
  );
}
