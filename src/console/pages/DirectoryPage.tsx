import { Alert, Anchor, Button, Group, List, NativeSelect, Stack, Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, useParams, useSearchParams } from 'react-router';
import { call, patch, read, searchOf, type Listed } from '../api.js';
import { useWho } from '../session.js';
import { ago } from '../text/format.js';
import type { Directory, ScimRequest } from '../types.js';
import { useAct } from '../ui/act.js';
import { DeleteButton } from '../ui/DeleteButton.js';
import { LiveSwitch } from '../ui/LiveSwitch.js';
import { Page } from '../ui/Page.js';
import { ProblemView } from '../ui/Problems.js';
import { Copyable } from '../ui/Secret.js';
import { directoryProviders } from './directory-setup.js';
import { AttributeMapping } from './AttributeMapping.js';
import { DirectoryAdvice } from './DirectoryAdvice.js';
import { DirectoryClients } from './DirectoryClients.js';
import { DirectoryTokens } from './DirectoryTokens.js';
import { DirectoryBeat } from './Heartbeats.js';
import { HeldChanges } from './HeldChanges.js';
import { LiveLog, named } from './LiveLog.js';
import { RoleRules } from './RoleRules.js';

/** Tells as soon as the provider has called. */
function FirstRequest({ directory }: { directory: Directory }) {
  const { t } = useTranslation();
  const { data } = useQuery({
    queryKey: ['/directories', directory.id, 'last-request'],
    queryFn: () => read<Listed<ScimRequest>>(`/directories/${directory.id}/requests`, { limit: 1 }, true),
    refetchInterval: 3000,
  });
  const last = data?.items[0];
  return last ? (
    <Alert color={last.status < 400 ? 'green' : 'orange'} role="status">
      {t('Last request {{ago}}: {{method}} {{path}} answered {{status}}', {
        ago: ago(last.at),
        method: last.method,
        path: named(last),
        status: last.status,
      })}
      {last.status < 400 && ' ✓'}
    </Alert>
  ) : (
    <Alert color="blue" role="status">
      {t('Waiting for the first request…')}
    </Alert>
  );
}

/** Leads to the tokens; says so when there is none yet. */
function SetupToken({ directory }: { directory: Directory }) {
  const { t } = useTranslation();
  const path = `/directories/${directory.id}/tokens`;
  const { data } = useQuery({
    queryKey: [path, 'first'],
    queryFn: () => read<Listed<unknown>>(path, { limit: 1 }),
  });
  const clients = `/directories/${directory.id}/clients`;
  const { data: known } = useQuery({ queryKey: [clients], queryFn: () => read<Listed<unknown>>(clients) });
  return (
    <Group gap="sm">
      <Button component={Link} to={`/directories/${directory.id}?tab=tokens`} variant="default">
        {t('Tokens')}
      </Button>
      <Text size="sm" c="dimmed">
        {data?.total !== 0
          ? t('A token is shown once, when it is made.')
          : known && known.items.length > 0
            ? t('There is no token: the directory signs in as an OAuth client.')
            : t('There is no token yet: make one.')}
      </Text>
    </Group>
  );
}

/** People of the directory whom nothing signs in: they wait for a way in. */
function WithoutWayIn({ directory }: { directory: Directory }) {
  const { t } = useTranslation();
  const { may } = useWho();
  const query = { directory: directory.id, status: 'pending_activation', showNonActivated: true };
  const { data } = useQuery({
    queryKey: ['/users', 'waiting', directory.id],
    queryFn: () => read<Listed<unknown>>('/users', { ...query, limit: 1 }),
    enabled: may('users.read'),
  });
  if (!data || data.total === 0) return null;
  return (
    <Alert color="yellow" title={t('{{count}} people are not activated', { count: data.total })}>
      <Text size="sm">
        {t(
          'No SSO connection signs in their addresses, and they have no password. Connect their domain under SSO connections, or switch on “Provisioned people get an invitation” in the settings.',
        )}
      </Text>
      <Anchor component={Link} to={`/users${searchOf(query)}`} c="inherit" underline="always" size="sm">
        {t('Show them')}
      </Anchor>
    </Alert>
  );
}

function Setup({ directory }: { directory: Directory }) {
  const { t } = useTranslation();
  const act = useAct();
  const [params, setParams] = useSearchParams();
  const dialect = directory.learnedDialect ?? directory.dialect;
  const chosen = params.get('provider') ?? (dialect in directoryProviders ? dialect : 'other');
  const provider = directoryProviders[chosen];
  return (
    <Stack maw={720}>
      <FirstRequest directory={directory} />
      <NativeSelect
        label={t('Identity provider')}
        maw={320}
        value={chosen}
        onChange={({ currentTarget }) => setParams({ provider: currentTarget.value }, { replace: true })}
        data={Object.entries(directoryProviders).map(([value, { title }]) => ({ value, label: t(title) }))}
      />
      <DirectoryBeat id={directory.id} />
      <DirectoryAdvice directory={directory} />
      <List type="ordered">
        {provider?.steps.map((step) => (
          <List.Item key={step}>{t(step)}</List.Item>
        ))}
      </List>
      {provider && (
        <Anchor href={`/docs/guides/${provider.guide}`} target="_blank">
          {t('The whole guide for {{provider}}', { provider: t(provider.title) })}
        </Anchor>
      )}
      <Copyable label={t('Base address')} value={directory.baseUrl} />
      <SetupToken directory={directory} />
      <WithoutWayIn directory={directory} />
      <LiveSwitch
        label={t('This directory is on')}
        isOn={directory.enabled}
        onSwitch={(enabled) => act(() => patch(`/directories/${directory.id}`, { enabled }), t('Saved'))}
      />
    </Stack>
  );
}

export default function DirectoryPage() {
  const { t } = useTranslation();
  const { id = '' } = useParams();
  const [params, setParams] = useSearchParams();
  const { data, error } = useQuery({
    queryKey: ['/directories', id],
    queryFn: () => call<Directory>('GET', `/directories/${id}`),
  });
  if (error) return <ProblemView error={error} />;
  if (!data) return null;
  const { data: directory, etag } = data;
  const removal = (
    <DeleteButton
      what={directory.name}
      text={t('Its tokens stop working, and the roles its rules gave are taken.')}
      list="/directories"
      id={id}
    />
  );
  return (
    <Page title={directory.name} actions={removal}>
      <Tabs
        value={params.get('tab') ?? 'setup'}
        onChange={(tab) => setParams(tab === null || tab === 'setup' ? {} : { tab })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="setup">{t('Setup')}</Tabs.Tab>
          <Tabs.Tab value="tokens">{t('Tokens')}</Tabs.Tab>
          <Tabs.Tab value="oauth">{t('OAuth clients')}</Tabs.Tab>
          <Tabs.Tab value="attributes">{t('Attributes')}</Tabs.Tab>
          <Tabs.Tab value="roles">{t('Roles')}</Tabs.Tab>
          <Tabs.Tab value="guard">{t('Held changes')}</Tabs.Tab>
          <Tabs.Tab value="log">{t('Live log')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="setup">
          <Setup directory={directory} />
        </Tabs.Panel>
        <Tabs.Panel value="tokens">
          <DirectoryTokens directory={directory} />
        </Tabs.Panel>
        <Tabs.Panel value="oauth">
          <DirectoryClients directory={directory} etag={etag} />
        </Tabs.Panel>
        <Tabs.Panel value="attributes">
          <AttributeMapping key={etag} directory={directory} etag={etag} />
        </Tabs.Panel>
        <Tabs.Panel value="roles">
          <RoleRules key={JSON.stringify(directory.roleRules)} directory={directory} />
        </Tabs.Panel>
        <Tabs.Panel value="guard">
          <HeldChanges directory={directory} etag={etag} />
        </Tabs.Panel>
        <Tabs.Panel value="log">
          <LiveLog directory={directory} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
