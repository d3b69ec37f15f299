import type { ReactElement } from 'react';
import { agoText } from './plain-words.js';

/** When something was, as people say it. */
export function Ago({ at, now }: { at: Date; now: Date }): ReactElement {
  return <time dateTime={at.toISOString()}>{agoText(at, now)}</time>;
}
