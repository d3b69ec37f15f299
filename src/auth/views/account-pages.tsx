import type { ReactElement } from 'react';
import { Hidden, Page } from './layout.js';

/** Who am I, and the way out. */
export function AccountPage(props: {
  csrf: string;
  name: string;
  email: string;
  tenantName: string;
  signedInAt: Date;
  method: string;
  roles: readonly string[];
  needsApproval: boolean;
}): ReactElement {
  return (
    <Page title="Your account">
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
        <dt>Signed in</dt>
        <dd>
          <time dateTime={props.signedInAt.toISOString()}>
            {`${props.signedInAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`}
          </time>
          {`, ${props.method}`}
        </dd>
      </dl>
      <SignOutForm csrf={props.csrf} />
    </Page>
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
