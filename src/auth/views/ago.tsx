import type { ReactElement } from 'react';
import { useLanguage } from './language.js';
import { agoText } from './plain-words.js';

/** When something was, as people say it. */
export function Ago({ at, now }: { at: Date; now: Date }): ReactElement {
  return <time dateTime={at.toISOString()}>{agoText(at, now, useLanguage())}</time>;
}

/** A day and time, with its zone: the reader may be anywhere. */
export function Instant({ at }: { at: Date }): ReactElement {
  const form = { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' } as const;
  const text = new Intl.DateTimeFormat(useLanguage(), form).format(at);
  return <time dateTime={at.toISOString()}>{`${text} UTC`}</time>;
}
