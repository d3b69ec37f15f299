import { Alert, Anchor, Button, Grid, Group, List, Modal, Paper, Stack, Tabs, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import { call, read } from '../api.js';
import { usePermissionNames, useRoles, useWho } from '../session.js';
import { ago, time } from '../text/format.js';
import { ruleInWords } from '../text/rule-words.js';
import type { RoleExplanation, User } from '../types.js';
import { useAsk } from '../ui/Ask.js';
import { Facts as FactList } from '../ui/Facts.js';
import { Page } from '../ui/Page.js';
import { ProblemView } from '../ui/Problems.js';
import { Status, statusNames } from '../ui/Status.js';
import { EditUser } from './EditUser.js';
import { userActions } from './user-actions.js';
import { Activity, Provisioning, Sessions } from './UserHistory.js';
import { UserMenu, useUserAct } from './UserMenu.js';

/** Why a person has a role, source by source. */
function Why({ user, role, onClose }: { user: User; role: string | undefined; onClose: () => void }) {
  const { t } = useTranslation();
  const { nameOf } = useRoles();
  const permissionOf = usePermissionNames(role !== undefined);
  const { data, error } = useQuery({
    queryKey: ['/users', user.id, 'role-explanation'],
    queryFn: () => read<RoleExplanation>(`/users/${user.id}/role-explanation`),
    enabled: role !== undefined,
  });
  const explained = data?.roles.find((each) => each.role === role);
  /** The place of a rule in its directory's list, from 1; 0: it is not there any more. */
  const ruleNumber = (id: string | null) => (data?.rules.findIndex((each) => each.rule === id) ?? -1) + 1;
  return (
    <Modal
      opened={role !== undefined}
      onClose={onClose}
      title={t('Why {{role}}?', { role: nameOf(role ?? '') })}
    >
      {error && <ProblemView error={error} />}
      {data?.heldBack !== null && data?.heldBack !== undefined && (
        <Text mb="sm">
          {t('No role works at present. Status: {{status}}', { status: t(statusNames[data.status]) })}
        </Text>
      )}
      <List>
        {explained?.sources.map(({ type, detail, rule, directory, since }) => (
          <List.Item key={type + detail}>
            {ruleInWords(t, detail)}
            {directory !== null && (
              <Text size="sm">
                <Anchor component={Link} to={`/directories/${directory.id}?tab=roles`} underline="always">
                  {ruleNumber(rule) === 0
                    ? t('A rule of {{directory}}', { directory: directory.name })
                    : t('Rule {{rule}} of {{directory}}', {
                        rule: ruleNumber(rule),
                        directory: directory.name,
                      })}
                </Anchor>
              </Text>
            )}
            {since !== null && (
              <Text size="sm" c="dimmed">
                {t('since {{time}}', { time: time(since) })}
              </Text>
            )}
          </List.Item>
        ))}
      </List>
      {explained && explained.permissions.length > 0 && (
        <>
          <Text size="sm" fw={500} mt="sm">
            {t('What it lets them do')}
          </Text>
          <List size="sm">
            {explained.permissions.map((permission) => (
              <List.Item key={permission}>{permissionOf(permission)}</List.Item>
            ))}
          </List>
        </>
      )}
    </Modal>
  );
}

function CurrentRoles({ user }: { user: User }) {
  const { t } = useTranslation();
  const { nameOf } = useRoles();
  const [asked, setAsked] = useState<string>();
  const sourceNames = {
    manual: t('given here'),
    invite: t('by invitation'),
    rule: t('by a rule'),
    sso: t('by the company’s sign-in'),
  };
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
                  .map(({ type, until }) => {
                    const words = sourceNames[type];
                    return until === null
                      ? words
                      : t('{{type}} until {{time}}', { type: words, time: time(until) });
                  })
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

/** Why a person who came from a directory is not activated, and what brings them in. */
function NotActivated({ user }: { user: User }) {
  const { t } = useTranslation();
  if (user.status !== 'pending_activation' || user.source !== 'scim') return null;
  return (
    <Alert>
      <Text size="sm">
        {t(
          'The directory added this person, but no SSO connection signs in their address: they need a way in. Connect their domain, or send an activation link by More.',
        )}
      </Text>
    </Alert>
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
        <NotActivated user={user} />
        <FactList facts={facts} />
        <Text fw={600} mt="xs">
          {t('Current roles')}
        </Text>
        <CurrentRoles user={user} />
      </Stack>
    </Paper>
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
