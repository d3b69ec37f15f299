import type { ReactElement } from 'react';
import { alertId, Hidden, Page } from './layout.js';

/** A field of the form with what was typed into it. */
export interface FirstRunValues {
  organization: string;
  slug: string;
  preset: string;
  givenName: string;
  familyName: string;
  email: string;
  isForMany: boolean;
}

/** What the bare address shows as long as nothing is set up. It never shows the address itself: anybody may see this page. */
export function BeginPage(): ReactElement {
  return (
    <Page title="Welcome to Gatehouse">
      <p>Nothing is set up here yet.</p>
      <p>
        The server has printed an address where it was started, which ends in <code>/first-run/</code> and a
        long code. Open it in a browser on the same machine: it asks for your organization and makes the first
        administrator.
      </p>
      <p className="quiet">
        Without a browser: <code>gatehouse admin create --email you@example.com</code>, or a bootstrap file.
      </p>
    </Page>
  );
}

function Field(props: {
  name: string;
  label: string;
  value?: string;
  type?: 'password' | 'text';
  autoComplete: string;
  inputMode?: 'email';
  hint?: string;
  isRequired?: boolean;
  isFaulty: boolean;
}): ReactElement {
  const { name, hint } = props;
  const described = [hint !== undefined && `${name}-hint`, props.isFaulty && alertId].filter(Boolean);
  return (
    <>
      <label htmlFor={name}>{props.label}</label>
      <input
        id={name}
        name={name}
        type={props.type ?? 'text'}
        inputMode={props.inputMode}
        autoComplete={props.autoComplete}
        spellCheck={false}
        maxLength={1024}
        required={props.isRequired}
        defaultValue={props.value}
        {...(described.length > 0 && { 'aria-describedby': described.join(' ') })}
        {...(props.isFaulty && { 'aria-invalid': true })}
      />
      {hint !== undefined && (
        <p id={`${name}-hint`} className="quiet">
          {hint}
        </p>
      )}
    </>
  );
}

interface FirstRunProps {
  csrf: string;
  /** Own path the form posts to. */
  action: string;
  presets: readonly { name: string; label: string }[];
  values: FirstRunValues;
  minLength: number;
  /** Names of the fields the alert speaks of. */
  faulty: ReadonlySet<string>;
  alert?: string | undefined;
}

/** Asks for the organization and its first administrator. */
export function FirstRunPage(props: FirstRunProps): ReactElement {
  return (
    <Page title="Set up Gatehouse" alert={props.alert} withScript>
      <form method="post" action={props.action}>
        <Hidden csrf={props.csrf} />
        <OrganizationFields {...props} />
        <AdministratorFields {...props} />
        <button type="submit">Set up</button>
      </form>
    </Page>
  );
}

function OrganizationFields({ values, faulty, presets }: FirstRunProps): ReactElement {
  return (
    <>
      <Field
        name="organization"
        label="Name of your organization"
        value={values.organization}
        autoComplete="organization"
        isRequired
        isFaulty={faulty.has('organization')}
      />
      <Field
        name="slug"
        label="Short name"
        value={values.slug}
        autoComplete="off"
        hint="Part of addresses: lower-case letters, digits and hyphens. If empty, it is derived from the name."
        isFaulty={faulty.has('slug')}
      />
      <label htmlFor="preset">Kind of organization</label>
      <select id="preset" name="preset" defaultValue={values.preset} aria-describedby="preset-hint">
        {presets.map(({ name, label }) => (
          <option key={name} value={name}>
            {label}
          </option>
        ))}
      </select>
      <p id="preset-hint" className="quiet">
        Rules and roles to begin with. Everything can be changed later.
      </p>
      <label htmlFor="reach">This server is for</label>
      <select
        id="reach"
        name="reach"
        defaultValue={values.isForMany ? 'many' : 'one'}
        aria-describedby="reach-hint"
      >
        <option value="one">one organization: this one</option>
        <option value="many">many organizations: my customers, and this one</option>
      </select>
      <p id="reach-hint" className="quiet">
        For many there is a key of the operator too, which makes and manages organizations. You can make one
        later as well.
      </p>
    </>
  );
}

function AdministratorFields({ values, faulty, minLength }: FirstRunProps): ReactElement {
  return (
    <>
      <h2>The first administrator</h2>
      <Field
        name="givenName"
        label="First name"
        value={values.givenName}
        autoComplete="given-name"
        isFaulty={faulty.has('givenName')}
      />
      <Field
        name="familyName"
        label="Last name"
        value={values.familyName}
        autoComplete="family-name"
        isFaulty={faulty.has('familyName')}
      />
      <Field
        name="email"
        label="Email"
        value={values.email}
        inputMode="email"
        autoComplete="username"
        isRequired
        isFaulty={faulty.has('email')}
      />
      <Field
        name="password"
        label="Password"
        type="password"
        autoComplete="new-password"
        hint={`At least ${minLength} characters. A few words are easier to remember than signs.`}
        isRequired
        isFaulty={faulty.has('password')}
      />
      <Field
        name="password2"
        label="Password again"
        type="password"
        autoComplete="new-password"
        isRequired
        isFaulty={faulty.has('password')}
      />
    </>
  );
}

function OperatorKey({ value }: { value: string }): ReactElement {
  return (
    <>
      <h2>The key of the operator</h2>
      <p>It makes and manages all organizations of this server. Keep it now as well.</p>
      <pre data-copy="">
        <code id="operator-key">{value}</code>
      </pre>
    </>
  );
}

/** What was made, with the key that is shown this once, and what to do next. */
export function FirstRunDonePage(props: {
  organization: string;
  email: string;
  apiKey: string;
  operatorKey?: string | undefined;
  baseUrl: string;
  isSignedIn: boolean;
}): ReactElement {
  const { apiKey, baseUrl, email, operatorKey, organization } = props;
  return (
    <Page
      title="Gatehouse is set up"
      notice={`${email} administers ${organization}${props.isSignedIn ? ', and you are signed in' : ''}.`}
      withScript
    >
      <h2>Your API key</h2>
      <p>It may do everything in {organization}. Keep it now: it is not shown again.</p>
      <pre data-copy="">
        <code id="api-key">{apiKey}</code>
      </pre>
      {operatorKey !== undefined && <OperatorKey value={operatorKey} />}
      <p>Try it:</p>
      <pre data-copy="">
        <code>{`curl -H 'Authorization: Bearer ${apiKey}' ${baseUrl}/api/v1/users`}</code>
      </pre>
      <h2>Next</h2>
      <ul>
        <li>
          <a href="/admin">The console</a>: people, applications, directories, company sign-ins, settings.
        </li>
        <li>
          <a href="/docs/api">The API</a>: applications, directories for identity providers, company sign-ins,
          roles and rules.
        </li>
        <li>
          <a href="/account">Your account</a>: password, second factor, where you are signed in.
        </li>
        <li>
          On the command line, from the folder of Gatehouse: <code>npm run gatehouse -- --help</code>
        </li>
      </ul>
    </Page>
  );
}

/** The link was used, or something is set up already. */
export function FirstRunOverPage(): ReactElement {
  return (
    <Page
      title="This link is no longer good"
      alert="It has been used, or it is not the one the server printed last."
    >
      <p>
        If you already administer this server, sign in. Who has lost the API key makes another one with{' '}
        <code>gatehouse api-key create</code>; who has lost the password, a new one with{' '}
        <code>gatehouse admin recover</code>.
      </p>
      <p>
        <a href="/signin">Go to sign-in</a>
      </p>
    </Page>
  );
}

/** The page was asked for from another machine. */
export function FirstRunElsewherePage(): ReactElement {
  return (
    <Page
      title="Only on the server itself"
      alert="This page opens only in a browser on the machine the server runs on, and not through a proxy."
    >
      <p>
        From elsewhere, make the first administrator with{' '}
        <code>gatehouse admin create --email you@example.com</code> beside the server.
      </p>
    </Page>
  );
}
