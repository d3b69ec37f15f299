import type { ReactElement } from 'react';
import { consentText } from './consent-page.js';
import { useText } from './language.js';
import { Hidden } from './layout.js';

/** An application of a third party, and what it may. */
export interface ShownGrant {
  applicationId: string;
  name: string;
  granted: readonly string[];
}

export function ConsentsSection({
  csrf,
  consents,
}: {
  csrf: string;
  consents: readonly ShownGrant[];
}): ReactElement {
  const t = useText();
  return (
    <section id="consents">
      <h2>{t('Applications you let in')}</h2>
      <ul className="rows">
        {consents.map(({ applicationId, name, granted }) => (
          <li className="row" key={applicationId}>
            <div>
              {name}
              <br />
              <span className="quiet">
                {`${t('may')} ${granted.map((word) => t(consentText(word))).join(', ')}`}
              </span>
            </div>
            <form method="post" action="/account/consents/withdraw">
              <Hidden csrf={csrf} values={{ application: applicationId }} />
              <button type="submit" className="quiet" aria-label={`${t('Take back')}: ${name}`}>
                {t('Take back')}
              </button>
            </form>
          </li>
        ))}
      </ul>
    </section>
  );
}
