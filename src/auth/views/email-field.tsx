import type { InputHTMLAttributes, ReactElement } from 'react';
import { useText } from './language.js';

/** The address somebody signs in with. Text, as browsers refuse to send some addresses from a field of the type `email`. */
export function EmailField({
  email,
  ...marks
}: { email: string | undefined } & InputHTMLAttributes<HTMLInputElement>): ReactElement {
  const t = useText();
  return (
    <>
      <label htmlFor="email">{t('Email')}</label>
      <input
        id="email"
        name="email"
        type="text"
        inputMode="email"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={320}
        required
        autoFocus
        defaultValue={email}
        {...marks}
      />
    </>
  );
}
