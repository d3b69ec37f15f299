import type { ReactElement, ReactNode } from 'react';
import type { SetupLinkDocument } from '../../identity/setup/links.js';
import type { Advice } from '../../identity/directories/advice-rules.js';
import type { SetupConnection, SetupState, SetupTick } from '../../identity/setup/state.js';
import type { ConnectionCheck } from '../../identity/sso/test-connection.js';
import { useText } from './language.js';
import { alertId, Hidden } from './layout.js';
import { setupGuide } from './setup-guides.js';

/** What the last post of the page left to be shown. */
export interface SetupShown {
  alert?: string | undefined;
  notice?: string | undefined;
  checks?: readonly ConnectionCheck[] | undefined;
  /** Shown this once. */
  token?: string | undefined;
  /** The address for a colleague, shown this once. */
  colleagueUrl?: string | undefined;
  /** What was typed, of a form that was refused. */
  values?: Readonly<Record<string, string>> | undefined;
}

/** What every part of the page is made of. */
export interface SetupProps extends SetupShown {
  link: SetupLinkDocument;
  state: SetupState;
  csrf: string;
  /** The link's own path. */
  path: string;
  until: string;
}

/** A form that posts one act of the page. */
export function Form(
  props: Pick<SetupProps, 'csrf' | 'path'> & { act: string; children: ReactNode },
): ReactElement {
  return (
    <form method="post" action={`${props.path}/${props.act}`}>
      <Hidden csrf={props.csrf} />
      {props.children}
    </form>
  );
}

/** A field with its label. */
export function Field(props: {
  name: string;
  label: string;
  value?: string | undefined;
  type?: 'password' | 'text';
  isOptional?: boolean;
  isFaulty?: boolean;
}): ReactElement {
  const t = useText();
  return (
    <>
      <label htmlFor={props.name}>{t(props.label)}</label>
      <input
        id={props.name}
        name={props.name}
        type={props.type ?? 'text'}
        autoComplete="off"
        spellCheck={false}
        maxLength={2000}
        required={props.isOptional !== true}
        defaultValue={props.value}
        {...(props.isFaulty && { 'aria-invalid': true, 'aria-describedby': alertId })}
      />
    </>
  );
}

function Area({
  label,
  name,
  value,
}: {
  name: string;
  label: string;
  value?: string | undefined;
}): ReactElement {
  const t = useText();
  return (
    <>
      <label htmlFor={name}>{t(label)}</label>
      <textarea id={name} name={name} spellCheck={false} maxLength={200_000} required defaultValue={value} />
    </>
  );
}

/** Values to be copied. */
export function Values({
  values,
}: {
  values: readonly (readonly [label: string, value: string])[];
}): ReactElement {
  const t = useText();
  return (
    <dl>
      {values.map(([label, value]) => (
        <div key={label}>
          <dt>{t(label)}</dt>
          <dd>
            <code>{value}</code>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Guide({ link, isSaml }: { link: SetupLinkDocument; isSaml: boolean }): ReactElement {
  const t = useText();
  return (
    <ol>
      {setupGuide(link.purpose, link.provider, isSaml).map((line) => (
        <li key={line}>{t(line)}</li>
      ))}
    </ol>
  );
}

function Checks({ checks }: { checks: readonly ConnectionCheck[] }): ReactElement {
  const t = useText();
  return (
    <ul aria-label={t('What was tried')}>
      {checks.map(({ detail, name, ok }) => (
        <li key={name}>
          <strong>{`${ok ? '✓' : '✗'} ${name}`}</strong>: {detail}
        </li>
      ))}
    </ul>
  );
}

function ProviderFields({
  connection,
  link,
  values = {},
}: SetupProps & { connection: SetupConnection }): ReactElement {
  const secret = <Field name="clientSecret" label="Client secret" type="password" />;
  if (link.purpose === 'renewal')
    return connection.isSaml ? (
      <Area name="certificate" label="The new certificate (PEM)" value={values['certificate']} />
    ) : (
      secret
    );
  if (connection.isSaml)
    return (
      <Area
        name="metadata"
        label="The provider’s metadata: their address, or the XML"
        value={values['metadata']}
      />
    );
  return (
    <>
      <Field name="issuer" label="Issuer" value={values['issuer'] ?? connection.issuer} />
      <Field name="clientId" label="Client id" value={values['clientId'] ?? connection.clientId} />
      {secret}
    </>
  );
}

/** At the provider of a sign-in: what to do there, the addresses it needs, and what is asked back. */
export function ConnectionStep(props: SetupProps & { connection: SetupConnection }): ReactElement {
  const { checks, connection, csrf, link, path } = props;
  const t = useText();
  const addresses = connection.isSaml
    ? ([
        ['Entity id (also the address of our metadata)', connection.entityId],
        ['Assertion consumer service (POST)', connection.acsUrl],
      ] as const)
    : ([['Redirect address', connection.redirectUri]] as const);
  return (
    <>
      {link.purpose !== 'renewal' && (
        <>
          <Guide link={link} isSaml={connection.isSaml} />
          <Values values={addresses} />
        </>
      )}
      {checks && <Checks checks={checks} />}
      <Form csrf={csrf} path={path} act="provider">
        <ProviderFields {...props} />
        <button type="submit">{t('Save and try')}</button>
      </Form>
    </>
  );
}

const tickNames: Readonly<Record<SetupTick['name'], string>> = {
  request: 'The first request has come',
  user: 'The first user has come',
  group: 'The first group has come',
};

/** What has come and what has not, and what to do about it. */
export function Arrivals({
  advice,
  ticks,
}: {
  advice: readonly Advice[];
  ticks: readonly SetupTick[];
}): ReactElement {
  const t = useText();
  return (
    <>
      <ul className="rows">
        {ticks.map(({ isDone, name }) => (
          <li
            key={name}
          >{`${isDone ? '✓' : '○'} ${t(tickNames[name])}${isDone ? '' : `: ${t('not yet')}`}`}</li>
        ))}
      </ul>
      {advice.map(({ code, hint, message }) => (
        <p key={code}>
          <strong>{t(message)}</strong> {t(hint)}
        </p>
      ))}
    </>
  );
}

/** At the provider of a directory: the address, the token, and what has come. */
export function DirectoryStep({
  csrf,
  link,
  path,
  state: { directory },
  token,
}: SetupProps): ReactElement | null {
  const t = useText();
  if (!directory) return null;
  return (
    <>
      <Guide link={link} isSaml={false} />
      <Values
        values={[
          ['SCIM base address', directory.scimUrl],
          ...(token === undefined ? [] : [['Token', token] as const]),
        ]}
      />
      {token !== undefined && <p>{t('Keep the token now: it is not shown again.')}</p>}
      <Form csrf={csrf} path={path} act="token">
        <button type="submit" className={directory.hasToken ? 'quiet' : undefined}>
          {t(directory.hasToken ? 'Make another token; the one before ends' : 'Make the token')}
        </button>
      </Form>
      <Arrivals {...directory} />
      <p>
        <a href={`${path}/watch`}>{t('Watch what arrives')}</a>
      </p>
    </>
  );
}

/** In the DNS: each domain with its record. */
export function DnsStep({ csrf, path, state: { connection }, values = {} }: SetupProps): ReactElement | null {
  const t = useText();
  if (!connection) return null;
  return (
    <>
      <p>{t('Each record stays: it is looked for again and again.')}</p>
      {connection.domains.map(({ domain, isVerified, record, value }) => (
        <section key={domain} aria-label={domain}>
          <h3>{`${isVerified ? '✓' : '○'} ${domain}`}</h3>
          <Values
            values={[
              ['Name of the TXT record', record],
              ['Its value', value],
            ]}
          />
          {!isVerified && (
            <Form csrf={csrf} path={path} act="verify">
              <input type="hidden" name="domain" value={domain} />
              <button type="submit">{t('Look for the record of {{domain}}', { domain })}</button>
            </Form>
          )}
        </section>
      ))}
      <Form csrf={csrf} path={path} act="domains">
        <Field name="newDomain" label="Another domain of your addresses" value={values['newDomain']} />
        <button type="submit" className="quiet">
          {t('Add')}
        </button>
      </Form>
    </>
  );
}

/** At the mail filter: who sends, and a mail to try it. */
export function MailStep({ csrf, path, state: { mail }, values = {} }: SetupProps): ReactElement {
  const t = useText();
  return (
    <>
      <p>{t('Invitations and notices come from this address. Let your mail filter take them.')}</p>
      <Values values={[['Sender', mail.from]]} />
      {mail.isArrived ? (
        <p>{t('The test mail has arrived.')}</p>
      ) : (
        <>
          {mail.isSent && <p>{t('The test mail was sent: open it, and follow its link.')}</p>}
          <Form csrf={csrf} path={path} act="mail">
            <Field name="to" label="An address in your company" value={values['to']} />
            <button type="submit">{t('Send a test mail')}</button>
          </Form>
        </>
      )}
    </>
  );
}
