import { Anchor, Group, Paper, SegmentedControl, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { read, type Listed } from '../api.js';
import { sentence } from '../text/actions.js';
import { ago, exactTime, time } from '../text/format.js';
import type { AuditEvent, ScimRequest, Session, User } from '../types.js';
import { Changes } from '../ui/Changes.js';

export function Sessions({ user }: { user: User }) {
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

export function Provisioning({ user }: { user: User }) {
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

/** What happened to the person and what they did, newest first, as a line through time. */
export function Activity({ user }: { user: User }) {
  const { t } = useTranslation();
  const [by, setBy] = useState<'target' | 'actor'>('target');
  const { data } = useQuery({
    queryKey: ['/audit-events', by, user.id],
    queryFn: () => read<Listed<AuditEvent>>('/audit-events', { [by]: user.id, limit: 50 }),
  });
  return (
    <Stack>
      <SegmentedControl
        aria-label={t('Activity')}
        value={by}
        onChange={setBy}
        data={[
          { value: 'target', label: t('What happened to them') },
          { value: 'actor', label: t('What they did') },
        ]}
      />
      {data?.items.length === 0 && <Text c="dimmed">{t('Nothing yet.')}</Text>}
      <ol className="timeline">
        {data?.items.map((event) => (
          <li key={event.id} data-failed={event.result === 'failure' || undefined}>
            <Text size="sm" fw={500}>
              {sentence(t, event)}
            </Text>
            <Text size="xs" c="dimmed">
              {exactTime(event.at)}
            </Text>
            {event.changes.length > 0 && <Changes changes={event.changes} />}
          </li>
        ))}
      </ol>
      {data && data.total > data.items.length && (
        <Anchor component={Link} to={`/audit?${by}=${user.id}`}>
          {t('All {{count}} in the audit log', { count: data.total })}
        </Anchor>
      )}
    </Stack>
  );
}
