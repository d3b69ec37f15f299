import { Button, Group, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { read, remove, type Listed } from '../api.js';
import { ago, time } from '../text/format.js';
import type { Directory, DirectoryToken } from '../types.js';
import { useAsk } from '../ui/Ask.js';
import { NewToken } from './NewToken.js';

interface Row {
  id: string;
  name: string;
  shown: string;
  createdAt: string;
  lastUsedAt: string | null;
  expiresAt?: string | null;
}

function Credentials({ rows, path }: { rows: readonly Row[]; path: string }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [ask, dialog] = useAsk();
  if (rows.length === 0) return <Text c="dimmed">{t('None yet.')}</Text>;
  return (
    <div className="scroll box">
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('Name')}</Table.Th>
            <Table.Th>{t('Begins with')}</Table.Th>
            <Table.Th>{t('Created')}</Table.Th>
            <Table.Th>{t('Last used')}</Table.Th>
            <Table.Th>{t('Expires')}</Table.Th>
            <Table.Th>{t('Actions')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.id}>
              <Table.Td>{row.name}</Table.Td>
              <Table.Td>{row.shown}</Table.Td>
              <Table.Td>{time(row.createdAt)}</Table.Td>
              <Table.Td>{ago(row.lastUsedAt)}</Table.Td>
              <Table.Td>{row.expiresAt ? time(row.expiresAt) : t('never')}</Table.Td>
              <Table.Td>
                <Button
                  size="compact-sm"
                  variant="default"
                  aria-label={t('Revoke {{what}}', { what: row.name })}
                  onClick={() =>
                    ask({
                      title: t('Revoke {{what}}?', { what: row.name }),
                      text: t(
                        'The identity provider is refused at once. Make a new one first if it is still used.',
                      ),
                      button: t('Revoke'),
                      isDangerous: true,
                      act: async () => {
                        await remove(`${path}/${row.id}`);
                        await client.invalidateQueries();
                      },
                    })
                  }
                >
                  {t('Revoke')}
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {dialog}
    </div>
  );
}

/** Static tokens: two at most, so that a new one is in use before the old one goes. */
export function DirectoryTokens({ directory }: { directory: Directory }) {
  const { t } = useTranslation();
  const path = `/directories/${directory.id}`;
  const [isNew, setNew] = useState(false);
  const tokens = useQuery({
    queryKey: [path, 'tokens'],
    queryFn: () => read<Listed<DirectoryToken>>(`${path}/tokens`),
  });
  return (
    <Stack>
      <Group justify="space-between">
        <Title order={2} size="h4">
          {t('Tokens')}
        </Title>
        <Button onClick={() => setNew(true)}>{t('New token')}</Button>
      </Group>
      <NewToken path={path} opened={isNew} onClose={() => setNew(false)} />
      <Credentials
        path={`${path}/tokens`}
        rows={(tokens.data?.items ?? []).map((each) => ({ ...each, shown: `${each.prefix}…` }))}
      />
    </Stack>
  );
}
