import type { ReactElement } from 'react';
import { AccountFrame, type AccountFrameProps } from './account-frame.js';
import { Ago, Instant } from './ago.js';
import { useLanguage, useText } from './language.js';
import { Hidden } from './layout.js';
import { browserText, methodTexts, type SignInMethod } from './plain-words.js';
import type { SignIn } from '../../identity/audit/sign-ins.js';

/** One of the places a person is signed in. */
export interface ShownSession {
  id: string;
  isCurrent: boolean;
  method: SignInMethod;
  userAgent: string;
  ip: string;
  signedInAt: Date;
  lastSeenAt: Date;
}

/** `/account/sessions`: where one is signed in, this device first. */
export function SessionsPage(
  props: AccountFrameProps & { sessions: readonly ShownSession[]; now: Date },
): ReactElement {
  const { csrf, now, sessions } = props;
  const t = useText();
  return (
    <AccountFrame {...props} place="sessions">
      <p>{t('Where you are signed in. End what you do not know, and change your password then.')}</p>
      <ul className="rows">
        {sessions.map((session) => (
          <SessionRow key={session.id} csrf={csrf} now={now} session={session} />
        ))}
      </ul>
      {sessions.length > 1 && (
        <form method="post" action="/account/sessions/end-others">
          <Hidden csrf={csrf} />
          <button type="submit" className="quiet">
            {t('End all others')}
          </button>
        </form>
      )}
    </AccountFrame>
  );
}

function SessionRow({
  csrf,
  now,
  session,
}: {
  csrf: string;
  now: Date;
  session: ShownSession;
}): ReactElement {
  const t = useText();
  const browser = browserText(session.userAgent, useLanguage());
  return (
    <li className="row">
      <div>
        <span title={session.userAgent}>{browser}</span>
        <br />
        <span className="quiet">
          {session.ip}, {t('last used')} <Ago at={session.lastSeenAt} now={now} />
          <br />
          {t('Signed in')} <Ago at={session.signedInAt} now={now} />, {t(methodTexts[session.method])}
        </span>
      </div>
      {session.isCurrent ? (
        <span className="tag">{t('This device')}</span>
      ) : (
        <form method="post" action="/account/sessions/end">
          <Hidden csrf={csrf} values={{ session: session.id }} />
          <button type="submit" className="quiet" aria-label={`${t('End')}: ${browser}, ${session.ip}`}>
            {t('End')}
          </button>
        </form>
      )}
    </li>
  );
}

export interface ShownSignIn extends SignIn {
  id: string;
  at: Date;
  ip: string | null;
}

const outcomeTexts = {
  succeeded: 'Signed in',
  failed: 'Failed sign-in',
  refused: 'Refused sign-in',
  locked: 'Locked after too many attempts',
} as const;

/** `/account/activity`: one's own sign-ins, newest first. */
export function ActivityPage(
  props: AccountFrameProps & {
    signIns: readonly ShownSignIn[];
    /** Id the next older page begins after; undefined: this is the last. */
    olderThan: string | undefined;
  },
): ReactElement {
  const t = useText();
  return (
    <AccountFrame {...props} place="activity">
      <p>{t('Your sign-ins and what failed, newest first.')}</p>
      {props.signIns.length === 0 && <p className="quiet">{t('There is nothing here.')}</p>}
      <ul className="rows">
        {props.signIns.map((signIn) => (
          <li className="row" key={signIn.id}>
            <div>
              {t(outcomeTexts[signIn.outcome])}
              {signIn.reason !== null && ` (${t(signIn.reason.replaceAll('_', ' '))})`}
              <br />
              <span className="quiet">
                {[signIn.browser?.replace(' on ', ` ${t('on')} `), signIn.ip].filter(Boolean).join(', ')}
              </span>
            </div>
            <Instant at={signIn.at} />
          </li>
        ))}
      </ul>
      {props.olderThan !== undefined && (
        <p>
          <a href={`/account/activity?before=${encodeURIComponent(props.olderThan)}`}>{t('Older')}</a>
        </p>
      )}
    </AccountFrame>
  );
}

/** `/account/privacy`: what is kept about one, to take along. */
export function PrivacyPage(
  props: AccountFrameProps & { terms: { acceptedAt: Date; version: string } | undefined; termsUrl: string },
): ReactElement {
  const { terms, termsUrl } = props;
  const t = useText();
  return (
    <AccountFrame {...props} place="privacy">
      <h2>{t('Your data')}</h2>
      <p>
        {t('All there is about you here, as a file (JSON): facts, roles, sessions, history. No secrets.')}
      </p>
      <p>
        <a className="button quiet" href="/api/v1/me/export" download>
          {t('Download my data')}
        </a>
      </p>
      <h2>{t('Terms of use')}</h2>
      {terms === undefined ? (
        <p>{t('You were not asked to accept any.')}</p>
      ) : (
        <p>
          {t('You accepted version {{version}}.', { version: terms.version })}{' '}
          <Instant at={terms.acceptedAt} />
        </p>
      )}
      {termsUrl !== '' && (
        <p>
          <a href={termsUrl}>{t('Read the terms of use')}</a>
        </p>
      )}
    </AccountFrame>
  );
}
