import { Anchor, Button, Group, NativeSelect, Table, Text, TextInput } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { read } from '../api.js';
import { useRoles, useWho } from '../session.js';
import { time } from '../text/format.js';
import type { ReviewedAccess } from '../access-types.js';
import { asSentence } from '../text/server.js';
import { ExportButton } from '../ui/ExportButton.js';
import { Page } from '../ui/Page.js';
import { FormProblem } from '../ui/Problems.js';
import { AuditTabs } from './AuditTabs.js';

interface Review {
  items: ReviewedAccess[];
  next: string | null;
}

/** The end of a day in the reader's zone, not later than now; nothing for today. */
function instantOf(day: string): string | undefined {
  if (day === '') return undefined;
  const end = new Date(`${day}T23:59:59`);
  return end.getTime() > Date.now() ? undefined : end.toISOString();
}

function Rows({ items }: { items: readonly ReviewedAccess[] }) {
  const { t } = useTranslation();
  const { may } = useWho();
  const { nameOf } = useRoles(may('roles.read'));
  const lines = items.flatMap(({ user, roles }) =>
    roles.flatMap(({ role, sources }) => sources.map((source) => ({ user, role, source }))),
  );
  return (
    <div className="scroll" role="region" aria-label={t('Access review')} tabIndex={0}>
      <Table verticalSpacing="xs" aria-label={t('Access review')}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('User')}</Table.Th>
            <Table.Th scope="col">{t('Role')}</Table.Th>
            <Table.Th scope="col">{t('Source')}</Table.Th>
            <Table.Th scope="col">{t('Since')}</Table.Th>
            <Table.Th scope="col">{t('Until')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {lines.map(({ user, role, source }, index) => (
            <Table.Tr key={index}>
              <Table.Td>
                {user.deleted || !may('users.read') ? (
                  user.label
                ) : (
                  <Anchor component={Link} to={`/users/${user.id}`}>
                    {user.label}
                  </Anchor>
                )}
                {user.deleted && ` (${t('deleted since')})`}
                {!user.enabled && !user.deleted && ` (${t('disabled')})`}
              </Table.Td>
              <Table.Td>{nameOf(role)}</Table.Td>
              <Table.Td>{asSentence(source.detail) || source.type}</Table.Td>
              <Table.Td>{time(source.since)}</Table.Td>
              <Table.Td>{time(source.until)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

export default function AccessReview() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const day = params.get('day') ?? '';
  const role = params.get('role') ?? '';
  const q = params.get('q') ?? '';
  const [typed, setTyped] = useState(q);
  const question = { at: instantOf(day), ...(role && { role }), ...(q && { q }) };
  const { may } = useWho();
  const { roles, nameOf } = useRoles(may('roles.read'));
  const set = (name: string, value: string) =>
    setParams((before) => {
      const { [name]: _, ...rest } = Object.fromEntries(before);
      return value === '' ? rest : { ...rest, [name]: value };
    });
  const { data, error, hasNextPage, fetchNextPage, isFetching } = useInfiniteQuery({
    queryKey: ['/access-review', question],
    queryFn: ({ pageParam }) =>
      read<Review>('/access-review', { ...question, cursor: pageParam, limit: 200 }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  });
  const items = data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page
      title={t('Access review')}
      lead={t('Who had which role at the end of a day, since when, and by which source.')}
      actions={<ExportButton path="/access-review/export.csv" query={question} label={t('Export CSV')} />}
    >
      <AuditTabs value="review" />
      <Group align="flex-start">
        <TextInput
          type="date"
          label={t('Day')}
          description={t('Empty: now')}
          max={new Date().toISOString().slice(0, 10)}
          value={day}
          onChange={({ currentTarget }) => set('day', currentTarget.value)}
        />
        <TextInput
          type="search"
          label={t('Person')}
          value={typed}
          onChange={({ currentTarget }) => setTyped(currentTarget.value)}
          onBlur={() => set('q', typed.trim())}
          onKeyDown={({ key }) => {
            if (key === 'Enter') set('q', typed.trim());
          }}
        />
        <NativeSelect
          label={t('Role')}
          data={[
            { value: '', label: t('All') },
            ...roles.map((one) => ({ value: one.role, label: nameOf(one.role) })),
          ]}
          value={role}
          onChange={({ currentTarget }) => set('role', currentTarget.value)}
        />
      </Group>
      <FormProblem error={error} />
      <Text size="sm" c="dimmed" role="status">
        {isFetching ? t('Loading') : t('{{count}} people with roles', { count: items.length })}
      </Text>
      <Rows items={items} />
      {hasNextPage && (
        <Group justify="center">
          <Button variant="default" loading={isFetching} onClick={() => void fetchNextPage()}>
            {t('More')}
          </Button>
        </Group>
      )}
    </Page>
  );
}
