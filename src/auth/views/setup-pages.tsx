import type { ReactElement } from 'react';
import type { SetupStep } from '../../identity/setup/links.js';
import type { SetupState } from '../../identity/setup/state.js';
import { useText } from './language.js';
import { Page } from './layout.js';
import {
  Arrivals,
  ConnectionStep,
  DirectoryStep,
  DnsStep,
  Field,
  Form,
  MailStep,
  Values,
  type SetupProps,
} from './setup-steps.js';

const titles = {
  oidc: 'Set up company sign-in',
  saml: 'Set up company sign-in',
  scim: 'Set up provisioning',
  domains: 'Prove your domains',
  renewal: 'Renew the secret or certificate',
} as const;

const stepNames: Readonly<Record<SetupStep, string>> = {
  provider: 'At your identity provider',
  dns: 'In your DNS',
  mail: 'At your mail filter',
};

function StepBody({ step, ...props }: SetupProps & { step: SetupStep }): ReactElement | null {
  if (step === 'dns') return <DnsStep {...props} />;
  if (step === 'mail') return <MailStep {...props} />;
  const { connection } = props.state;
  return connection ? <ConnectionStep {...props} connection={connection} /> : <DirectoryStep {...props} />;
}

function Colleagues({ colleagueUrl, csrf, link, path, values = {} }: SetupProps): ReactElement {
  const t = useText();
  return (
    <section>
      <h2>{t('Does a colleague do a step?')}</h2>
      {colleagueUrl !== undefined && (
        <Values values={[['The link for your colleague, shown this once', colleagueUrl]]} />
      )}
      <Form csrf={csrf} path={path} act="hand-on">
        <label htmlFor="step">{t('Step')}</label>
        <select id="step" name="step">
          {link.steps.map((step) => (
            <option key={step} value={step}>
              {t(stepNames[step])}
            </option>
          ))}
        </select>
        <Field name="name" label="Who does it" value={values['name']} />
        <Field
          name="email"
          label="Their email (empty: you hand the link over yourself)"
          value={values['email']}
          isOptional
        />
        <button type="submit" className="quiet">
          {t('Make a link for this step')}
        </button>
      </Form>
    </section>
  );
}

/** All steps of a link, each with what to do, the values to copy, and whether it is complete. */
export function SetupPage(props: SetupProps): ReactElement {
  const { alert, link, notice, state, until } = props;
  const t = useText();
  const isComplete = state.steps.every(({ isDone }) => isDone);
  return (
    <Page title={titles[link.purpose]} alert={alert} notice={notice} isWide withScript>
      <p className="quiet">
        {t('For {{name}}. This link is good until {{until}}.', { name: link.name, until })}
      </p>
      {isComplete && (
        <p>{t('All of it is complete. Tell your contact: they try a sign-in and turn it on.')}</p>
      )}
      {state.steps.map(({ isDone, step }) => (
        <section key={step} aria-labelledby={`step-${step}`}>
          <h2 id={`step-${step}`}>{`${isDone ? '✓' : '○'} ${t(stepNames[step])}`}</h2>
          <StepBody {...props} step={step} />
        </section>
      ))}
      <Colleagues {...props} />
    </Page>
  );
}

/** What has arrived, read again every few seconds. */
export function SetupWatchPage({
  path,
  ...arrivals
}: { path: string } & Pick<NonNullable<SetupState['directory']>, 'advice' | 'ticks'>): ReactElement {
  const t = useText();
  return (
    <Page title="What has arrived" refreshSeconds={10}>
      <Arrivals {...arrivals} />
      <p>
        <a href={path}>{t('Back to the set-up')}</a>
      </p>
    </Page>
  );
}

/** The same for every link that is not good. */
export function SetupOverPage(): ReactElement {
  const t = useText();
  return (
    <Page title="This link is over" alert="The link has ended, was revoked, or is not whole.">
      <p>{t('Ask your contact for a new one.')}</p>
    </Page>
  );
}

/** Asks for a click, as mail filters follow links. */
export function SetupMailPage({ action, isDone }: { action: string; isDone: boolean }): ReactElement {
  const t = useText();
  if (isDone) return <Page title="Thank you" notice="The mail has arrived. You can close this page." />;
  return (
    <Page title="Has the mail arrived?">
      <form method="post" action={action}>
        <button type="submit">{t('Yes, it is here')}</button>
      </form>
    </Page>
  );
}
