import {
  Alert,
  Anchor,
  Button,
  Group,
  List,
  Paper,
  SimpleGrid,
  Stack,
  Table,
  Text,
  Title,
} from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { read, type Listed } from '../api.js';
import { useWho } from '../session.js';
import { sentence } from '../text/actions.js';
import { ago, time } from '../text/format.js';
import type { AuditEvent, Directory, ScimRequest } from '../types.js';
import { Page } from '../ui/Page.js';
import { useTotal } from '../ui/use-total.js';
import { WatchAlert } from './Heartbeats.js';
import { GettingStarted } from './GettingStarted.js';
import { Word } from '../ui/Status.js';

function Figure({ label, value, to }: { label: string; value: number | undefined; to: string }) {
  return (
    <Paper withBorder p="md">
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Anchor component={Link} to={to} fz={28} fw={650} className="numbers">
        {value ?? '–'}
      </Anchor>
    </Paper>
  );
}

function Figures() {
  const { t } = useTranslation();
  const active = useTotal('/users', { status: 'active' }, true);
  const locked = useTotal('/users', { status: 'locked' }, true);
  const pending = useTotal('/users', { status: 'pending_approval' }, true);
  const waiting = useTotal('/invitations', { status: 'waiting' }, true);
  return (
    <>
      {pending !== undefined && pending > 0 && (
        <Alert color="red">
          <Group justify="space-between">
            <Text>{t('{{count}} User Approvals Pending', { count: pending })}</Text>
            <Button component={Link} to="/users?status=pending_approval" variant="default">
              {t('Review')}
            </Button>
          </Group>
        </Alert>
      )}
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }}>
        <Figure label={t('Active users')} value={active} to="/users?status=active" />
        <Figure label={t('Pending approval')} value={pending} to="/users?status=pending_approval" />
        <Figure label={t('Locked')} value={locked} to="/users?status=locked" />
        <Figure label={t('Open invitations')} value={waiting} to="/users/invites?status=waiting" />
      </SimpleGrid>
    </>
  );
}

function DirectoryHealth({ directory }: { directory: Directory }) {
  const { t } = useTranslation();
  const path = `/directories/${directory.id}/requests`;
  const { data: last } = useQuery({
    queryKey: [path, 'last'],
    queryFn: () => read<Listed<ScimRequest>>(path, { limit: 1 }, true),
  });
  const { data: failed } = useQuery({
    queryKey: [path, 'failed'],
    queryFn: () =>
      read<Listed<ScimRequest>>(
        path,
        { limit: 1, result: 'failure', from: new Date(Date.now() - 86_400_000).toISOString() },
        true,
      ),
  });
  const failures = failed?.items.length ?? 0;
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} to={`/directories/${directory.id}`}>
          {directory.name}
        </Anchor>
      </Table.Td>
      <Table.Td>{ago(last?.items[0]?.at)}</Table.Td>
      <Table.Td>
        <Word
          text={failures === 0 ? t('No errors today') : t('Errors today')}
          color={failures === 0 ? 'green' : 'red'}
        />
      </Table.Td>
    </Table.Tr>
  );
}

function Provisioning() {
  const { t } = useTranslation();
  const { data } = useQuery({
    queryKey: ['/directories', 'first'],
    queryFn: () => read<Listed<Directory>>('/directories', { limit: 20 }),
  });
  if (!data || data.total === 0) return null;
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="provisioning">
      <Title order={2} size="h4" id="provisioning" mb="sm">
        {t('Provisioning')}
      </Title>
      <div className="scroll" tabIndex={0} role="region" aria-label={t('Directory')}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('Directory')}</Table.Th>
              <Table.Th>{t('Last request')}</Table.Th>
              <Table.Th>{t('Health')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.items.map((directory) => (
              <DirectoryHealth key={directory.id} directory={directory} />
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Paper>
  );
}

function LatestChanges() {
  const { t } = useTranslation();
  const { data } = useQuery({
    queryKey: ['/audit-events', 'latest'],
    queryFn: () => read<Listed<AuditEvent>>('/audit-events', { sort: '-at', limit: 20 }, true),
  });
  // Looking at this page is itself an event of the trail.
  const latest = (data?.items ?? []).filter(({ action }) => action !== 'audit.viewed').slice(0, 10);
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="changes">
      <Title order={2} size="h4" id="changes" mb="sm">
        {t('Latest changes')}
      </Title>
      <List listStyleType="none" spacing={6} className="full">
        {latest.map((event) => (
          <List.Item key={event.id}>
            <Group justify="space-between" gap="sm" wrap="nowrap" align="baseline">
              <Text size="sm">{sentence(t, event)}</Text>
              <Text size="xs" c="dimmed" title={time(event.at)} className="short">
                {ago(event.at)}
              </Text>
            </Group>
          </List.Item>
        ))}
      </List>
    </Paper>
  );
}

export default function Overview() {
  const { t } = useTranslation();
  const { may } = useWho();
  const isAdministrator = ['applications.manage', 'sso.manage', 'scim.manage', 'users.read'].every(may);
  return (
    <Page title={t('Overview')}>
      <Stack>
        {may('users.read') ? (
          <Figures />
        ) : (
          <Text>{t('Your account opens no page of this console. Your own data are under My account.')}</Text>
        )}
        <WatchAlert />
        {isAdministrator && <GettingStarted />}
        <SimpleGrid cols={{ base: 1, md: 2 }} className="tops">
          {may('scim.manage') && <Provisioning />}
          {may('audit.read') && <LatestChanges />}
        </SimpleGrid>
      </Stack>
    </Page>
  );
}
