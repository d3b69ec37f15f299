import type { ReactElement } from 'react';
import type { Foreseen } from '../sso/foreseen.js';
import { ssoRefusalText } from '../refusals.js';
import { Page } from './layout.js';

const sentences: Readonly<Record<Exclude<Foreseen['account'], 'refused'>, (label: string) => string>> = {
  known: (label) => `It would sign in ${label}, whose account is connected already.`,
  link: (label) => `It would connect the account ${label}, and sign it in.`,
  create: () => 'It would create an account, and sign it in.',
};

function resultOf({ account, reason, user }: Foreseen): string {
  if (account !== 'refused') return sentences[account](user?.label ?? '');
  return `It would be refused. ${reason === null ? '' : ssoRefusalText(reason)}`;
}

/** What the browser of a test is shown; the whole report is in the console. */
export function TestResultPage({
  connection,
  foreseen,
}: {
  connection: string;
  foreseen: Foreseen;
}): ReactElement {
  const { account, lacking, person, roles } = foreseen;
  const isRefused = account === 'refused';
  return (
    <Page
      title={`Test of ${connection}`}
      {...(isRefused ? { alert: resultOf(foreseen) } : { notice: resultOf(foreseen) })}
    >
      <p>The provider answered for {person['email'] ?? person['subject']}. Nothing was changed.</p>
      {roles.length > 0 && <p>Roles by rule: {roles.map(({ role }) => role).join(', ')}.</p>}
      {lacking.map(({ what, hint }) => (
        <p key={what}>{hint}</p>
      ))}
      <p className="quiet">You can close this page: the console shows the whole result.</p>
    </Page>
  );
}
