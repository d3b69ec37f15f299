import type { ReactElement } from 'react';
import { consentText } from './consent-page.js';
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
  return (
    <section id="consents">
      <h2>Applications you let in</h2>
      <ul className="rows">
        {consents.map(({ applicationId, name, granted }) => (
          <li key={applicationId}>
            {name}
            <br />
            <span className="quiet">{`may ${granted.map(consentText).join(', ')}`}</span>
            <form method="post" action="/account/consents/withdraw">
              <Hidden csrf={csrf} values={{ application: applicationId }} />
              <button type="submit" className="quiet">
                Take back
              </button>
            </form>
          </li>
        ))}
      </ul>
    </section>
  );
}
