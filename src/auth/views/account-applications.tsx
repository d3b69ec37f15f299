import type { ReactElement } from 'react';
import { AccountFrame, type AccountFrameProps } from './account-frame.js';
import { Ago, Instant } from './ago.js';
import { ConsentsSection, type ShownGrant } from './consents-section.js';
import { useText } from './language.js';
import { Hidden } from './layout.js';

export interface ShownRole {
  key: string;
  name: string;
  /** null: without an end. */
  until: Date | null;
}

export interface ShownRequest {
  id: string;
  roleName: string;
  state: 'pending' | 'approved' | 'denied' | 'cancelled' | 'expired';
  createdAt: Date;
  /** What the deciding person wrote. */
  message: string;
}

export interface ApplicationsPageProps extends AccountFrameProps {
  now: Date;
  applications: readonly { key: string; name: string; roles: readonly ShownRole[] }[];
  /** Roles of the organization itself. */
  roles: readonly ShownRole[];
  /** Roles that can be asked for; undefined: roles are not asked for in this organization. */
  offered: readonly { key: string; name: string }[] | undefined;
  requests: readonly ShownRequest[];
  /** What applications of third parties may. */
  consents: readonly ShownGrant[];
}

const stateTexts = {
  pending: 'Waits for a decision',
  approved: 'Approved',
  denied: 'Denied',
  cancelled: 'Taken back',
  expired: 'Not decided in time',
} as const;

/** How long a role can be asked for, in seconds. */
const spans = [
  [3600, '1 hour'],
  [8 * 3600, '8 hours'],
  [86_400, '1 day'],
  [7 * 86_400, '1 week'],
  [30 * 86_400, '30 days'],
  [90 * 86_400, '90 days'],
] as const;

function Roles({ roles }: { roles: readonly ShownRole[] }): ReactElement {
  const t = useText();
  return (
    <span className="quiet">
      {roles.map(({ key, name, until }, index) => (
        <span key={key}>
          {index > 0 && ', '}
          {name}
          {until !== null && (
            <>
              {` (${t('until')} `}
              <Instant at={until} />)
            </>
          )}
        </span>
      ))}
    </span>
  );
}

/** `/account/applications`: what one may use, by which role, and how to ask for more. */
export function ApplicationsPage(props: ApplicationsPageProps): ReactElement {
  const { applications, consents, csrf, now, offered, requests, roles } = props;
  const t = useText();
  return (
    <AccountFrame {...props} place="applications">
      {applications.length === 0 && <p>{t('You have a role in no application.')}</p>}
      <ul className="rows">
        {applications.map(({ key, name, roles: own }) => (
          <li className="row" key={key}>
            <div>
              {name}
              <br />
              <Roles roles={own} />
            </div>
          </li>
        ))}
      </ul>
      {consents.length > 0 && <ConsentsSection csrf={csrf} consents={consents} />}
      <h2>{t('Roles')}</h2>
      <p>{roles.length > 0 ? <Roles roles={roles} /> : t('none')}</p>
      {offered && offered.length > 0 && <AskForm csrf={csrf} offered={offered} />}
      {requests.length > 0 && <Requests csrf={csrf} now={now} requests={requests} />}
    </AccountFrame>
  );
}

function AskForm({ csrf, offered }: { csrf: string; offered: readonly { key: string; name: string }[] }) {
  const t = useText();
  return (
    <section id="ask">
      <h2>{t('Ask for a role')}</h2>
      <form method="post" action="/account/role-requests">
        <Hidden csrf={csrf} />
        <label htmlFor="role">{t('Role')}</label>
        <select id="role" name="role" required>
          {offered.map(({ key, name }) => (
            <option key={key} value={key}>
              {name}
            </option>
          ))}
        </select>
        <label htmlFor="seconds">{t('For how long')}</label>
        <select id="seconds" name="seconds" defaultValue="86400">
          {spans.map(([seconds, name]) => (
            <option key={seconds} value={seconds}>
              {t(name)}
            </option>
          ))}
        </select>
        <label htmlFor="reason">{t('Reason')}</label>
        <input id="reason" name="reason" maxLength={1000} required />
        <button type="submit">{t('Ask')}</button>
      </form>
    </section>
  );
}

function Requests({ csrf, now, requests }: { csrf: string; now: Date; requests: readonly ShownRequest[] }) {
  const t = useText();
  return (
    <section id="requests">
      <h2>{t('What you asked for')}</h2>
      <ul className="rows">
        {requests.map(({ createdAt, id, message, roleName, state }) => (
          <li className="row" key={id}>
            <div>
              {roleName}
              <br />
              <span className="quiet">
                {t(stateTexts[state])}, <Ago at={createdAt} now={now} />
                {message !== '' && `: ${message}`}
              </span>
            </div>
            {state === 'pending' && (
              <form method="post" action="/account/role-requests/cancel">
                <Hidden csrf={csrf} values={{ request: id }} />
                <button type="submit" className="quiet" aria-label={`${t('Take back')}: ${roleName}`}>
                  {t('Take back')}
                </button>
              </form>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
