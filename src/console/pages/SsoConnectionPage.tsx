import { Alert, Button, Group, List, PasswordInput, Stack, TagsInput, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router';
import { call, post } from '../api.js';
import { said } from '../text/server.js';
import type { SsoConnection } from '../types.js';
import { DeleteButton } from '../ui/DeleteButton.js';
import { Page } from '../ui/Page.js';
import { FormProblem, fieldErrors, ProblemView } from '../ui/Problems.js';
import { SaveEnd } from '../ui/SaveEnd.js';
import { Copyable } from '../ui/Secret.js';
import { ConnectionBeat } from './Heartbeats.js';
import { ConnectionDomains } from './ConnectionDomains.js';
import { ClientAuth, Expiries } from './ClientAuth.js';
import { ConnectionMode } from './ConnectionMode.js';
import { DirectoryChoice, JitChoice } from './JitChoice.js';
import { SsoSignIns } from './SsoSignIns.js';
import { TestSignIn } from './TestSignIn.js';
import { EditSaml, SamlAddresses } from './SamlSettings.js';
import { useSave } from '../ui/use-save.js';

interface TestResult {
  ok: boolean;
  checks: { name: string; ok: boolean; detail: string }[];
}

function Test({ connection }: { connection: SsoConnection }) {
  const { t } = useTranslation();
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => post<TestResult>(`/sso-connections/${connection.id}/test`),
  });
  return (
    <Stack gap="sm">
      <Group>
        <Button variant="default" loading={isPending} onClick={() => mutate()}>
          {t('Test connection')}
        </Button>
      </Group>
      <FormProblem error={error} />
      {data && (
        <Alert
          color={data.ok ? 'green' : 'red'}
          role="status"
          title={data.ok ? t('It answers as it should') : t('Something is missing')}
        >
          <List size="sm">
            {data.checks.map(({ name, ok, detail }) => (
              <List.Item key={name}>{`${ok ? '✓' : '✗'} ${name}: ${said(detail)}`}</List.Item>
            ))}
          </List>
        </Alert>
      )}
    </Stack>
  );
}

function Warnings({ connection }: { connection: SsoConnection }) {
  const { t } = useTranslation();
  const texts = {
    no_break_glass: t(
      'No administrator has emergency access: while the provider does not work, no one comes in.',
    ),
    no_verified_domain: t('No domain is verified: no one is forwarded.'),
    expires_soon: t('A secret or certificate expires soon. Renew it, so that people can go on signing in.'),
    expired: t('A secret or certificate has expired. Renew it, so that people can sign in.'),
  };
  // A domain that is missing its record says so itself.
  const shown = connection.warnings.flatMap(({ code }) => (code === 'domain_record_missing' ? [] : [code]));
  return [...new Set(shown)].map((code) => (
    <Alert key={code} color={code === 'expired' ? 'red' : 'yellow'}>
      {texts[code]}
    </Alert>
  ));
}

function Edit({ connection, etag }: { connection: SsoConnection; etag: string | undefined }) {
  const { t } = useTranslation();
  const [form, setForm] = useState({
    name: connection.name,
    issuer: connection.issuer ?? '',
    clientId: connection.clientId ?? '',
    clientSecret: '',
    domains: connection.domains.map(({ domain }) => domain),
    jit: connection.jit,
    directoryId: connection.directoryId,
  });
  const { mutate, isPending, error } = useSave(`/sso-connections/${connection.id}`, etag);
  const errors = fieldErrors(error);
  const field = (name: 'name' | 'issuer' | 'clientId', label: string) => (
    <TextInput
      label={label}
      value={form[name]}
      error={errors[name]}
      onChange={({ currentTarget }) => setForm({ ...form, [name]: currentTarget.value })}
    />
  );
  const { clientSecret, domains, ...rest } = form;
  const isMoved = form.issuer !== connection.issuer || form.clientId !== connection.clientId;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        mutate({
          ...rest,
          domains: domains.map((domain) => ({ domain })),
          ...(clientSecret !== '' && { clientSecret }),
        });
      }}
    >
      <Stack maw={640}>
        {field('name', t('Name'))}
        {field('issuer', t('Issuer'))}
        {field('clientId', t('Client ID'))}
        {isMoved && connection.hasClientSecret && (
          <PasswordInput
            label={t('Client secret')}
            description={t('Another provider or client has a secret of its own.')}
            autoComplete="off"
            value={clientSecret}
            error={errors.clientSecret}
            onChange={({ currentTarget }) => setForm({ ...form, clientSecret: currentTarget.value })}
          />
        )}
        <TagsInput
          label={t('Domains')}
          value={domains}
          error={errors.domains}
          onChange={(next) => setForm({ ...form, domains: next })}
        />
        <JitChoice value={form.jit} onChange={(jit) => setForm({ ...form, jit })} />
        <DirectoryChoice
          value={form.directoryId}
          onChange={(directoryId) => setForm({ ...form, directoryId })}
        />
        <SaveEnd error={error} isPending={isPending} />
      </Stack>
    </form>
  );
}

export default function SsoConnectionPage() {
  const { t } = useTranslation();
  const { id = '' } = useParams();
  const { data, error } = useQuery({
    queryKey: ['/sso-connections', id],
    queryFn: () => call<SsoConnection>('GET', `/sso-connections/${id}`),
  });
  if (error) return <ProblemView error={error} />;
  if (!data) return null;
  const connection = data.data;
  const isSaml = connection.protocol === 'saml';
  const Form = isSaml ? EditSaml : Edit;
  const removal = (
    <DeleteButton
      what={connection.name}
      text={t('No one is forwarded any more, and its domains are free.')}
      list="/sso-connections"
      id={id}
    />
  );
  return (
    <Page title={connection.name} lead={connection.issuer ?? connection.idpEntityId ?? ''} actions={removal}>
      <ConnectionMode connection={connection} etag={data.etag} />
      <Warnings connection={connection} />
      <ConnectionBeat id={connection.id} />
      <Test connection={connection} />
      <TestSignIn connection={connection} />
      <Stack gap="sm" maw={720}>
        <Title order={2} size="h4">
          {t('Domains')}
        </Title>
        <ConnectionDomains connection={connection} etag={data.etag} />
        <Title order={2} size="h4">
          {t('Addresses for the provider')}
        </Title>
        {isSaml ? (
          <SamlAddresses connection={connection} />
        ) : (
          <>
            <Copyable label={t('Redirect address')} value={connection.redirectUri} />
            <Copyable label={t('Revocation address')} value={connection.revocationUri} />
          </>
        )}
        {isSaml ? (
          <Expiries connection={connection} />
        ) : (
          <>
            <Title order={2} size="h4">
              {t('Client authentication')}
            </Title>
            <ClientAuth connection={connection} etag={data.etag} />
          </>
        )}
        <Title order={2} size="h4">
          {t('Settings')}
        </Title>
        <Form key={connection.updatedAt} connection={connection} etag={data.etag} />
      </Stack>
      <Title order={2} size="h4">
        {t('Sign-ins')}
      </Title>
      <SsoSignIns connection={connection} />
    </Page>
  );
}
