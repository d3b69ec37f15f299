import { Anchor, Button, Grid, Group, List, Modal, Paper, Stack, Table, Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import { call, read, type Listed } from '../api.js';
import { useRoles, useWho } from '../session.js';
import { ago, time } from '../text/format.js';
import type { AuditEvent, RoleExplanation, ScimRequest, Session, User } from '../types.js';
import { useAsk } from '../ui/Ask.js';
import { Changes } from '../ui/Changes.js';
import { Page } from '../ui/Page.js';
import { ProblemView } from '../ui/Problems.js';
import { Status } from '../ui/Status.js';
import { EditUser } from './EditUser.js';
import { userActions } from './user-actions.js';
import { UserMenu, useUserAct } from './UserMenu.js';

/** Why a person has a role, source by source. */
function Why({ user, role, onClose }: { user: User; role: string | undefined; onClose: () => void }) {
  const { t } = useTranslation();
  const { nameOf } = useRoles();
  const { data, error } = useQuery({
    queryKey: ['/users', user.id, 'role-explanation'],
    queryFn: () => read<RoleExplanation>(`/users/${user.id}/role-explanation`),
    enabled: role !== undefined,
  });
  const explained = data?.roles.find((each) => each.role === role);
  return (
    <Modal
      opened={role !== undefined}
      onClose={onClose}
      title={t('Why {{role}}?', { role: nameOf(role ?? '') })}
    >
      {error && <ProblemView error={error} />}
      {data?.heldBack !== null && data?.heldBack !== undefined && <Text mb="sm">{data.heldBack}</Text>}
      <List>
        {explained?.sources.map(({ type, detail, rule, directory }) => (
          <List.Item key={type + detail}>
            {detail}
            {directory !== null && ` · ${directory.name}`}
            {rule !== null && (
              <Text size="sm" c="dimmed">
                {t('Rule {{rule}}', { rule })}
              </Text>
            )}
          </List.Item>
        ))}
      </List>
      {explained && explained.permissions.length > 0 && (
        <Text size="sm" mt="sm" c="dimmed">
          {t('Gives: {{permissions}}', { permissions: explained.permissions.join(', ') })}
        </Text>
      )}
    </Modal>
  );
}

function CurrentRoles({ user }: { user: User }) {
  const { t } = useTranslation();
  const { nameOf } = useRoles();
  const [asked, setAsked] = useState<string>();
  if (user.roles.length === 0) return <Text c="dimmed">{t('No roles')}</Text>;
  return (
    <>
      <List listStyleType="none" spacing={4}>
        {user.roles.map(({ role, sources }) => (
          <List.Item key={role}>
            <Group gap="xs">
              <Text>{nameOf(role)}</Text>
              <Text size="sm" c="dimmed">
                {sources
                  .map(({ type, until }) =>
                    until === null ? type : t('{{type}} until {{time}}', { type, time: time(until) }),
                  )
                  .join(', ')}
              </Text>
              <Button
                size="compact-xs"
                variant="subtle"
                onClick={() => setAsked(role)}
                aria-label={t('Why? {{role}}', { role: nameOf(role) })}
              >
                {t('Why?')}
              </Button>
            </Group>
          </List.Item>
        ))}
      </List>
      <Why user={user} role={asked} onClose={() => setAsked(undefined)} />
    </>
  );
}

function Facts({ user }: { user: User }) {
  const { t } = useTranslation();
  const facts: [string, string][] = [
    [t('Login'), user.loginType === 'local' ? t('Local') : 'SSO'],
    [t('Managed by'), user.directory?.name ?? t('Gatehouse')],
    [t('Access until'), user.accessExpiresAt === null ? t('No end') : time(user.accessExpiresAt)],
    [t('Second factor'), user.twoFactor ? t('On') : t('Off')],
    [t('Created'), time(user.createdAt)],
    [t('Last login'), ago(user.lastLoginAt)],
    ...(user.lockedUntil === null
      ? []
      : ([[t('Locked until'), time(user.lockedUntil)]] as [string, string][])),
  ];
  return (
    <Paper withBorder p="md">
      <Stack gap="xs">
        <Status status={user.status} />
        {facts.map(([name, value]) => (
          <Group key={name} justify="space-between">
            <Text size="sm" c="dimmed">
              {name}
            </Text>
            <Text size="sm">{value}</Text>
          </Group>
        ))}
        <Text fw={600} mt="xs">
          {t('Current roles')}
        </Text>
        <CurrentRoles user={user} />
      </Stack>
    </Paper>
  );
}

function Sessions({ user }: { user: User }) {
  const { t } = useTranslation();
  const { data } = useQuery({
    queryKey: ['/users', user.id, 'sessions'],
    queryFn: () => read<Listed<Session>>(`/users/${user.id}/sessions`),
  });
  if (data?.total === 0) return <Text c="dimmed">{t('Not signed in anywhere.')}</Text>;
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('Browser')}</Table.Th>
          <Table.Th>{t('Address')}</Table.Th>
          <Table.Th>{t('Started')}</Table.Th>
          <Table.Th>{t('Last seen')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {data?.items.map(({ id, userAgent, ip, createdAt, lastSeenAt }) => (
          <Table.Tr key={id}>
            <Table.Td>{userAgent ?? '–'}</Table.Td>
            <Table.Td>{ip ?? '–'}</Table.Td>
            <Table.Td>{time(createdAt)}</Table.Td>
            <Table.Td>{ago(lastSeenAt)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Provisioning({ user }: { user: User }) {
  const { t } = useTranslation();
  const { data } = useQuery({
    queryKey: ['/users', user.id, 'provisioning'],
    queryFn: () => read<Listed<ScimRequest>>(`/users/${user.id}/provisioning`, { limit: 50 }),
  });
  if (data?.items.length === 0) return <Text c="dimmed">{t('No directory has written this person.')}</Text>;
  return (
    <Stack>
      {data?.items.map((request) => (
        <Paper key={request.id} withBorder p="sm">
          <Group gap="sm" mb={4}>
            <Text fw={600}>{`${request.method} ${request.status}`}</Text>
            <Anchor
              component={Link}
              size="sm"
              to={`/directories/${'directoryId' in request ? String(request.directoryId) : ''}?tab=log&request=${request.id}`}
            >
              {time(request.at)}
            </Anchor>
          </Group>
          <Changes changes={request.diff} />
        </Paper>
      ))}
    </Stack>
  );
}

function Activity({ user }: { user: User }) {
  const { t } = useTranslation();
  const { data } = useQuery({
    queryKey: ['/audit-events', 'of', user.id],
    queryFn: () => read<Listed<AuditEvent>>('/audit-events', { target: user.id, limit: 50 }),
  });
  return (
    <Table>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('When')}</Table.Th>
          <Table.Th>{t('Actor')}</Table.Th>
          <Table.Th>{t('Action')}</Table.Th>
          <Table.Th>{t('Changes')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {data?.items.map(({ id, at, actor, action, changes }) => (
          <Table.Tr key={id}>
            <Table.Td>{time(at)}</Table.Td>
            <Table.Td>{actor.label}</Table.Td>
            <Table.Td>{action}</Table.Td>
            <Table.Td>
              <Changes changes={changes} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Details({ user, etag }: { user: User; etag: string | undefined }) {
  const { t } = useTranslation();
  const { may } = useWho();
  return (
    <Grid>
      <Grid.Col span={{ base: 12, md: 8 }}>
        <Tabs defaultValue="edit" keepMounted={false}>
          <Tabs.List mb="md">
            <Tabs.Tab value="edit">{t('Edit')}</Tabs.Tab>
            <Tabs.Tab value="sessions">{t('Sessions')}</Tabs.Tab>
            {user.directory !== null && may('scim.manage') && (
              <Tabs.Tab value="provisioning">{t('Provisioning')}</Tabs.Tab>
            )}
            {may('audit.read') && <Tabs.Tab value="activity">{t('Activity')}</Tabs.Tab>}
          </Tabs.List>
          <Tabs.Panel value="edit">
            <EditUser key={user.updatedAt} user={user} etag={etag} />
          </Tabs.Panel>
          <Tabs.Panel value="sessions">
            <Sessions user={user} />
          </Tabs.Panel>
          <Tabs.Panel value="provisioning">
            <Provisioning user={user} />
          </Tabs.Panel>
          <Tabs.Panel value="activity">
            <Activity user={user} />
          </Tabs.Panel>
        </Tabs>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 4 }}>
        <Facts user={user} />
      </Grid.Col>
    </Grid>
  );
}

export default function UserPage() {
  const { t } = useTranslation();
  const { id = '' } = useParams();
  const who = useWho();
  const navigate = useNavigate();
  const [ask, dialog] = useAsk();
  const act = useUserAct(ask);
  const { data, error } = useQuery({
    queryKey: ['/users', id],
    queryFn: () => call<User>('GET', `/users/${id}`),
  });
  if (error) return <ProblemView error={error} />;
  if (!data) return null;
  const user = data.data;
  const removal = userActions(t, who, user).find(({ label }) => label === t('Delete'));
  return (
    <Page
      title={user.displayName}
      lead={user.email ?? user.userName}
      actions={<UserMenu user={user} ask={ask} />}
    >
      <Details user={user} etag={data.etag} />
      {removal && (
        <Group>
          <Button
            variant="default"
            c="var(--danger)"
            onClick={() =>
              act({
                ...removal,
                run: async () => {
                  await removal.run();
                  await navigate('/users');
                },
              })
            }
          >
            {t('Delete')}
          </Button>
        </Group>
      )}
      {dialog}
    </Page>
  );
}
