import { Anchor, Group, Paper, SegmentedControl, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { read, type Listed } from '../api.js';
import { sentence } from '../text/actions.js';
import { ago, exactTime, time } from '../text/format.js';
import { asSentence } from '../text/server.js';
import type { AuditEvent, Change, ScimRequest, Session, User } from '../types.js';
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
  const whatOf = useRequestWords(user);
  if (data?.items.length === 0) return <Text c="dimmed">{t('No directory has written this person.')}</Text>;
  return (
    <Stack>
      {data?.items.map((request) => (
        <Paper key={request.id} withBorder p="sm">
          <Group gap="sm" mb={4} justify="space-between">
            <Text fw={600}>{whatOf(request)}</Text>
            <Anchor
              component={Link}
              size="sm"
              to={`/directories/${user.directory?.id ?? ''}?tab=log&request=${request.id}`}
            >
              {`${exactTime(request.at)} · ${request.method} ${request.status}`}
            </Anchor>
          </Group>
          {request.error !== null && <Text size="sm">{asSentence(request.error.detail)}</Text>}
          {request.error === null && !movesOf(request, user) && <Changes changes={request.diff} />}
        </Paper>
      ))}
    </Stack>
  );
}

const idsOf = (value: unknown): unknown[] =>
  [value].flat().map((one) => (one as { value?: unknown } | null)?.value ?? one);

/** Whether a request let the person join or leave a group. */
function movesOf(request: ScimRequest, user: User): 'joined' | 'left' | undefined {
  const names = (change: Change['before']): boolean => idsOf(change).includes(user.id);
  const moves = request.diff.filter(({ path }) => path.startsWith('members'));
  if (moves.some(({ path, after }) => !path.endsWith('removed') && names(after))) return 'joined';
  return moves.some(({ before, after }) => names(before) || names(after)) ? 'left' : undefined;
}

/** What a request did to the person, in words. */
function useRequestWords(user: User): (request: ScimRequest) => string {
  const { t } = useTranslation();
  return (request) => {
    if (request.error !== null) return t('Refused');
    const moved = movesOf(request, user);
    const group = request.target?.label ?? '–';
    if (moved === 'joined') return t('Joined the group {{group}}', { group });
    if (moved === 'left') return t('Left the group {{group}}', { group });
    if (request.method === 'POST') return t('Created by the directory');
    if (request.method === 'DELETE') return t('Deleted by the directory');
    return request.diff.length === 0 ? t('Sent again, nothing changed') : t('Changed by the directory');
  };
}

/** What the directory told of the person's groups, for the line through time. */
function useGroupMoves(user: User, isAsked: boolean): { id: string; at: string; text: string }[] {
  const wordsOf = useRequestWords(user);
  const { data } = useQuery({
    queryKey: ['/users', user.id, 'provisioning'],
    queryFn: () => read<Listed<ScimRequest>>(`/users/${user.id}/provisioning`, { limit: 50 }),
    enabled: isAsked && user.directory !== null,
  });
  return (data?.items ?? [])
    .filter((request) => request.error === null && movesOf(request, user) !== undefined)
    .map((request) => ({ id: request.id, at: request.at, text: wordsOf(request) }));
}

/** Roles are told by name; where each comes from stands under Why? and in the audit log. */
function withoutGrants(changes: readonly Change[]): readonly Change[] {
  const hasRoles = changes.some(({ path }) => path === 'roles');
  return hasRoles ? changes.filter(({ path }) => path !== 'grants') : changes;
}

/** What happened to the person and what they did, newest first, as a line through time. */
export function Activity({ user }: { user: User }) {
  const { t } = useTranslation();
  const [by, setBy] = useState<'target' | 'actor'>('target');
  const { data } = useQuery({
    queryKey: ['/audit-events', by, user.id],
    queryFn: () => read<Listed<AuditEvent>>('/audit-events', { [by]: user.id, limit: 50 }),
  });
  const moves = useGroupMoves(user, by === 'target');
  const events = (data?.items ?? []).map((event) => ({
    ...{ id: event.id, at: event.at, text: sentence(t, event), changes: withoutGrants(event.changes) },
    isFailure: event.result === 'failure',
  }));
  // Where older events are left out, older moves are as well.
  const since = data && data.total > data.items.length ? (data.items.at(-1)?.at ?? '') : '';
  const told = by === 'target' ? moves.filter(({ at }) => at >= since) : [];
  const line = [...events, ...told.map((move) => ({ ...move, changes: [], isFailure: false }))].sort(
    (one, other) => (one.at < other.at ? 1 : -1),
  );
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
      {data && line.length === 0 && <Text c="dimmed">{t('Nothing yet.')}</Text>}
      <ol className="timeline">
        {line.map(({ id, at, text, isFailure, changes }) => (
          <li key={id} data-failed={isFailure || undefined}>
            <Text size="sm" fw={500}>
              {text}
            </Text>
            <Text size="xs" c="dimmed">
              {exactTime(at)}
            </Text>
            {changes.length > 0 && <Changes changes={changes} />}
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
