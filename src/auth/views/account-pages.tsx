import type { ReactElement } from 'react';
import { Hidden, Page, UserNameField } from './layout.js';
import { ConsentsSection, type ShownGrant } from './consents-section.js';
import { PasskeysSection, type ShownPasskey } from './passkey-pages.js';
import { Ago } from './ago.js';
import { browserText } from './plain-words.js';

/** One of the places somebody is signed in. */
export interface ShownSession {
  id: string;
  isCurrent: boolean;
  userAgent: string;
  ip: string;
  lastSeenAt: Date;
}

export interface AccountPageProps {
  csrf: string;
  name: string;
  email: string;
  tenantName: string;
  signedInAt: Date;
  now: Date;
  method: string;
  roles: readonly string[];
  applications: readonly string[];
  /** Whether the person's roles open pages of the console. */
  managesOthers: boolean;
  needsApproval: boolean;
  sessions: readonly ShownSession[];
  /** undefined: the company has the password. */
  minLength: number | undefined;
  secondFactor: { isOn: boolean; mode: 'off' | 'optional' | 'required'; hasPassword: boolean };
  /** Whether the person may change their address. */
  mayChangeEmail: boolean;
  /** undefined: the organization has no passkeys, or the company signs the person in. */
  passkeys: readonly ShownPasskey[] | undefined;
  /** Applications of third parties that the person let in. */
  consents: readonly ShownGrant[];
  notice?: string | undefined;
  alert?: string | undefined;
}

/** Who am I, what secures this account, and the way out. */
export function AccountPage(props: AccountPageProps): ReactElement {
  return (
    <Page title="Your account" alert={props.alert} notice={props.notice} withScript>
      {props.needsApproval && <p role="status">Your account waits for an administrator&apos;s approval.</p>}
      <dl>
        <dt>Name</dt>
        <dd>{props.name}</dd>
        <dt>Email</dt>
        <dd>{props.email}</dd>
        <dt>Organization</dt>
        <dd>{props.tenantName}</dd>
        <dt>Roles</dt>
        <dd>{props.roles.length > 0 ? props.roles.join(', ') : 'none'}</dd>
        {props.applications.length > 0 && (
          <>
            <dt>Applications</dt>
            <dd>{props.applications.join(', ')}</dd>
          </>
        )}
        <dt>Signed in</dt>
        <dd>
          <Ago at={props.signedInAt} now={props.now} />
          {`, ${props.method}`}
        </dd>
      </dl>
      {props.managesOthers && (
        <p>
          <a href="/admin">Open the console</a>
        </p>
      )}
      {props.mayChangeEmail && <EmailSection csrf={props.csrf} />}
      {props.minLength !== undefined && (
        <PasswordSection csrf={props.csrf} email={props.email} minLength={props.minLength} />
      )}
      {props.secondFactor.mode !== 'off' && <SecondFactorSection csrf={props.csrf} {...props.secondFactor} />}
      {props.passkeys && <PasskeysSection csrf={props.csrf} passkeys={props.passkeys} now={props.now} />}
      {props.consents.length > 0 && <ConsentsSection csrf={props.csrf} consents={props.consents} />}
      <SessionsSection csrf={props.csrf} sessions={props.sessions} now={props.now} />
      <SignOutForm csrf={props.csrf} />
    </Page>
  );
}

function EmailSection({ csrf }: { csrf: string }): ReactElement {
  return (
    <section id="email-address">
      <h2>Email</h2>
      <form method="post" action="/account/email">
        <Hidden csrf={csrf} />
        <label htmlFor="new-email">New email</label>
        <input
          id="new-email"
          name="email"
          type="text"
          inputMode="email"
          autoComplete="email"
          maxLength={254}
          required
        />
        <p className="quiet">
          We send a link to the new address. It counts, and you sign in with it, once you have confirmed it
          there.
        </p>
        <button type="submit" className="quiet">
          Change email
        </button>
      </form>
    </section>
  );
}

function PasswordSection(props: { csrf: string; email: string; minLength: number }): ReactElement {
  const { csrf, email, minLength } = props;
  return (
    <section id="password">
      <h2>Password</h2>
      <form method="post" action="/account/password">
        <Hidden csrf={csrf} />
        <UserNameField email={email} />
        <label htmlFor="current">Current password</label>
        <input id="current" name="current" type="password" autoComplete="current-password" required />
        <label htmlFor="password">New password</label>
        <input
          id="password"
          name="password"
          type="password"
          autoComplete="new-password"
          aria-describedby="rule"
          required
        />
        <p id="rule" className="quiet">
          At least {minLength} characters. A few words are easier to remember than signs. Changing your
          password signs you out everywhere.
        </p>
        <label htmlFor="password2">New password again</label>
        <input id="password2" name="password2" type="password" autoComplete="new-password" required />
        <button type="submit">Change password</button>
      </form>
    </section>
  );
}

function ProofField({ id, hasPassword }: { id: string; hasPassword: boolean }): ReactElement {
  return hasPassword ? (
    <>
      <label htmlFor={id}>Your password</label>
      <input id={id} name="password" type="password" autoComplete="current-password" required />
    </>
  ) : (
    <>
      <label htmlFor={id}>A code of your app</label>
      <input id={id} name="code" inputMode="numeric" autoComplete="one-time-code" maxLength={64} required />
    </>
  );
}

function SecondFactorSection({
  csrf,
  isOn,
  mode,
  hasPassword,
}: { csrf: string } & AccountPageProps['secondFactor']): ReactElement {
  return (
    <section id="second-factor">
      <h2>Second factor</h2>
      <p>
        {isOn
          ? 'On: signing in asks for a code of your authenticator app.'
          : 'Off: your password alone signs you in.'}
      </p>
      <form method="post" action="/account/2fa">
        <Hidden csrf={csrf} />
        {isOn && <ProofField id="proof-replace" hasPassword={hasPassword} />}
        <button type="submit" className="quiet">
          {isOn ? 'Use another authenticator app' : 'Set up an authenticator app'}
        </button>
      </form>
      {isOn && (
        <form method="post" action="/account/2fa/backup-codes">
          <Hidden csrf={csrf} />
          <ProofField id="proof-codes" hasPassword={hasPassword} />
          <button type="submit" className="quiet">
            New backup codes
          </button>
        </form>
      )}
      {isOn && mode !== 'required' && (
        <form method="post" action="/account/2fa/remove">
          <Hidden csrf={csrf} />
          <ProofField id="proof-remove" hasPassword={hasPassword} />
          <button type="submit" className="quiet">
            Switch off
          </button>
        </form>
      )}
    </section>
  );
}

function SessionsSection({
  csrf,
  sessions,
  now,
}: {
  csrf: string;
  sessions: readonly ShownSession[];
  now: Date;
}): ReactElement {
  return (
    <section id="sessions">
      <h2>Where you are signed in</h2>
      <ul className="rows">
        {sessions.map((session) => (
          <li key={session.id}>
            <span title={session.userAgent}>{browserText(session.userAgent)}</span>
            <br />
            <span className="quiet">
              {session.ip}, last used <Ago at={session.lastSeenAt} now={now} />
            </span>
            {session.isCurrent ? (
              <p className="quiet">This browser</p>
            ) : (
              <form method="post" action="/account/sessions/end">
                <Hidden csrf={csrf} values={{ session: session.id }} />
                <button type="submit" className="quiet">
                  End
                </button>
              </form>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Asks before signing out, since a link to it may have been followed unwillingly. */
export function SignOutPage({ csrf, email }: { csrf: string; email: string }): ReactElement {
  return (
    <Page title="Sign out">
      <p>You are signed in as {email}.</p>
      <SignOutForm csrf={csrf} />
      <p>
        <a href="/account">Stay signed in</a>
      </p>
    </Page>
  );
}

function SignOutForm({ csrf }: { csrf: string }): ReactElement {
  return (
    <form method="post" action="/signout">
      <Hidden csrf={csrf} />
      <button type="submit">Sign out</button>
    </form>
  );
}

/** The end of a session. */
export function SignedOutPage(): ReactElement {
  return (
    <Page title="You are signed out">
      <p>
        <a href="/signin">Sign in again</a>
      </p>
    </Page>
  );
}
