import { Anchor, Button, Group, Stack, Table, Tabs, Text, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { call, post } from '../api.js';
import { useWho } from '../session.js';
import type { Application } from '../types.js';
import { useAsk } from '../ui/Ask.js';
import { DeleteButton } from '../ui/DeleteButton.js';
import { Page } from '../ui/Page.js';
import { fieldErrors, ProblemView } from '../ui/Problems.js';
import { SaveEnd } from '../ui/SaveEnd.js';
import { useSave } from '../ui/use-save.js';
import { ShownOnce } from '../ui/Secret.js';
import { Access, TokenPreview } from './ApplicationAccess.js';
import { linesOf, ResourcesField, resourcesOf, tenantsOf } from './Applications.js';
import { SafetySwitches } from './ApplicationSafety.js';
import { LogoutDeliveries } from './LogoutDeliveries.js';
import { QuickStart } from './QuickStart.js';

function SettingsForm({ application, etag }: { application: Application; etag: string | undefined }) {
  const { t } = useTranslation();
  const [form, setForm] = useState({
    name: application.name,
    redirectUris: application.redirectUris.join('\n'),
    postLogoutRedirectUris: application.postLogoutRedirectUris.join('\n'),
    backchannelLogoutUri: application.backchannelLogoutUri ?? '',
    resources: application.resources
      .map(({ resource, scopes }) => [resource, ...scopes].join(' '))
      .join('\n'),
    requireDpop: application.requireDpop,
    requirePar: application.requirePar,
    isThirdParty: application.isThirdParty,
    refreshOverlapSeconds: application.refreshOverlapSeconds,
    tenants: application.tenants === 'all' ? 'all' : (application.tenants ?? []).join('\n'),
  });
  const { mutate, isPending, error } = useSave(`/applications/${application.id}`, etag);
  const errors = fieldErrors(error);
  const lines = (name: 'redirectUris' | 'postLogoutRedirectUris', label: string) => (
    <Textarea
      label={label}
      description={t(
        'Where people come back to after the sign-in. One a line; each must be exactly what the application sends.',
      )}
      autosize
      minRows={2}
      error={errors[name]}
      value={form[name]}
      onChange={({ currentTarget }) => setForm({ ...form, [name]: currentTarget.value })}
    />
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        mutate({
          name: form.name.trim(),
          redirectUris: linesOf(form.redirectUris),
          postLogoutRedirectUris: linesOf(form.postLogoutRedirectUris),
          backchannelLogoutUri: form.backchannelLogoutUri.trim() || null,
          resources: resourcesOf(form.resources),
          requireDpop: form.requireDpop,
          requirePar: form.requirePar,
          isThirdParty: form.isThirdParty,
          refreshOverlapSeconds: form.refreshOverlapSeconds,
          ...(application.tenants !== undefined && { tenants: tenantsOf(form.tenants) }),
        });
      }}
    >
      <Stack maw={640}>
        <TextInput
          label={t('Name')}
          value={form.name}
          error={errors.name}
          onChange={({ currentTarget }) => setForm({ ...form, name: currentTarget.value })}
        />
        {application.kind !== 'machine' && lines('redirectUris', t('Redirect addresses'))}
        {application.kind !== 'machine' && lines('postLogoutRedirectUris', t('Addresses after signing out'))}
        <TextInput
          label={t('Back-channel logout address')}
          value={form.backchannelLogoutUri}
          error={errors.backchannelLogoutUri}
          onChange={({ currentTarget }) => setForm({ ...form, backchannelLogoutUri: currentTarget.value })}
        />
        <ResourcesField
          error={errors.resources}
          value={form.resources}
          onChange={(resources) => setForm({ ...form, resources })}
        />
        <SafetySwitches
          application={application}
          value={form}
          onChange={(change) => setForm({ ...form, ...change })}
        />
        {application.tenants !== undefined && (
          <Textarea
            label={t('Tenants it serves')}
            description={t('all, or the short names, one a line')}
            autosize
            minRows={1}
            error={errors.tenants}
            value={form.tenants}
            onChange={({ currentTarget }) => setForm({ ...form, tenants: currentTarget.value })}
          />
        )}
        <SaveEnd error={error} isPending={isPending} />
      </Stack>
    </form>
  );
}

function Roles({ application }: { application: Application }) {
  const { t } = useTranslation();
  const { may } = useWho();
  return (
    <Stack>
      <Group justify="space-between">
        <Text size="sm" c="dimmed" maw={560}>
          {t('Its tokens carry the roles a person has here, and what these roles may do.')}
        </Text>
        {may('roles.read') && (
          <Button component={Link} to={`/roles?of=${application.key}`} variant="default">
            {application.owner === 'tenant' ? t('Edit roles and permissions') : t('Show as a table')}
          </Button>
        )}
      </Group>
      {application.roles.length === 0 && (
        <Text>
          {t(
            'It has no roles yet. Roles are optional: without them everyone with access may do whatever the application lets anyone do.',
          )}
        </Text>
      )}
      <div className="scroll box" hidden={application.roles.length === 0}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('Role')}</Table.Th>
              <Table.Th>{t('Key')}</Table.Th>
              <Table.Th>{t('Permissions in its token')}</Table.Th>
              <Table.Th>{t('Users')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {application.roles.map(({ role, name, permissions }) => (
              <Table.Tr key={role}>
                <Table.Td>{name}</Table.Td>
                <Table.Td>{role}</Table.Td>
                <Table.Td>{permissions.join(', ') || '–'}</Table.Td>
                <Table.Td>
                  <Anchor component={Link} to={`/users?role=${role}`}>
                    {t('Show who has it')}
                  </Anchor>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Stack>
  );
}

export default function ApplicationPage() {
  const { t } = useTranslation();
  const { id = '' } = useParams();
  const [ask, dialog] = useAsk();
  const [secret, setSecret] = useState<string>();
  const { data, error } = useQuery({
    queryKey: ['/applications', id],
    queryFn: () => call<Application>('GET', `/applications/${id}`),
  });
  if (error) return <ProblemView error={error} />;
  if (!data) return null;
  const application = data.data;
  // Staff who have entered no tenant look after the applications of the server.
  const isOwn = application.owner === 'tenant' || application.tenants !== undefined;
  const hasDeliveries = application.tenants === undefined && application.backchannelLogoutUri !== null;
  const actions = (
    <>
      {!application.isPublic && (
        <Button
          variant="default"
          onClick={() =>
            ask({
              title: t('A new client secret?'),
              text: t(
                'The old secret works for one more hour, so that you have time to change the application.',
              ),
              button: t('Make it'),
              act: async () =>
                setSecret(
                  (await post<Application>(`/applications/${id}/secret`, { overlapSeconds: 3600 }))
                    .clientSecret ?? undefined,
                ),
            })
          }
        >
          {t('New secret')}
        </Button>
      )}
      <DeleteButton
        what={application.name}
        text={t('No one can sign in to it any more, and everyone loses its roles.')}
        list="/applications"
        id={id}
      />
    </>
  );
  return (
    <Page
      title={application.name}
      lead={isOwn ? application.key : t('The operator of the server owns it: you choose who has access.')}
      actions={isOwn ? actions : undefined}
    >
      {secret !== undefined && <ShownOnce label={t('Client secret')} value={secret} />}
      <Tabs defaultValue="start" keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="start">{t('Quick start')}</Tabs.Tab>
          {isOwn && <Tabs.Tab value="settings">{t('Settings')}</Tabs.Tab>}
          <Tabs.Tab value="roles">{t('Roles')}</Tabs.Tab>
          {hasDeliveries && <Tabs.Tab value="logout">{t('Logout tokens')}</Tabs.Tab>}
          {application.tenants === undefined && <Tabs.Tab value="access">{t('Access')}</Tabs.Tab>}
          {application.tenants === undefined && <Tabs.Tab value="test">{t('Test')}</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="start">
          <QuickStart application={application} />
        </Tabs.Panel>
        <Tabs.Panel value="settings">
          <SettingsForm application={application} etag={data.etag} />
        </Tabs.Panel>
        <Tabs.Panel value="roles">
          <Roles application={application} />
        </Tabs.Panel>
        <Tabs.Panel value="logout">
          <LogoutDeliveries applicationId={application.id} />
        </Tabs.Panel>
        <Tabs.Panel value="access">
          <Access application={application} />
        </Tabs.Panel>
        <Tabs.Panel value="test">
          <TokenPreview application={application} />
        </Tabs.Panel>
      </Tabs>
      {dialog}
    </Page>
  );
}
