import type { ReactElement, ReactNode } from 'react';
import { Hidden, Page } from './layout.js';
import { useText } from './language.js';

/** The pages of one's own account, in the order of their menu. */
export const accountPlaces = {
  profile: { path: '/account', title: 'Profile' },
  security: { path: '/account/security', title: 'Security' },
  sessions: { path: '/account/sessions', title: 'Sessions' },
  applications: { path: '/account/applications', title: 'Applications' },
  activity: { path: '/account/activity', title: 'Activity' },
  privacy: { path: '/account/privacy', title: 'Privacy' },
} as const;
export type AccountPlace = keyof typeof accountPlaces;

/** What every page of the account is shown with. */
export interface AccountFrameProps {
  csrf: string;
  /** Whether the person's roles open pages of the console. */
  managesOthers: boolean;
  needsApproval: boolean;
  notice?: string | undefined;
  alert?: string | undefined;
}

function Places({ current }: { current: AccountPlace }): ReactElement {
  const t = useText();
  return (
    <nav aria-label={t('My account')}>
      <ul>
        {Object.entries(accountPlaces).map(([place, { path, title }]) => (
          <li key={place}>
            <a href={path} aria-current={place === current ? 'page' : undefined}>
              {t(title)}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** The frame of the pages of one's own account. */
export function AccountFrame(
  props: AccountFrameProps & { place: AccountPlace; children: ReactNode },
): ReactElement {
  const t = useText();
  const { alert, children, csrf, managesOthers, needsApproval, notice, place } = props;
  const ways = (
    <>
      {managesOthers && <a href="/admin">{t('Open the console')}</a>}
      <form method="post" action="/signout">
        <Hidden csrf={csrf} />
        <button type="submit" className="link">
          {t('Sign out')}
        </button>
      </form>
    </>
  );
  return (
    <Page
      title={accountPlaces[place].title}
      alert={alert}
      notice={notice}
      withScript
      frame={{ nav: <Places current={place} />, ways }}
    >
      {needsApproval && <p role="status">{t('Your account waits for an administrator’s approval.')}</p>}
      {children}
    </Page>
  );
}
