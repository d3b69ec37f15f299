import { Anchor, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { call } from '../api.js';
import { time } from '../text/format.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Empty } from '../ui/Empty.js';
import { Page } from '../ui/Page.js';

interface Leaver {
  id: string;
  user: { id: string; label: string };
  by: { label: string };
  action: 'user.disabled' | 'user.deleted' | 'user.expired' | 'user.erased';
  calledAt: string;
}

/** How a person left, in a word. */
export function useLeavingWords(): Record<string, string> {
  const { t } = useTranslation();
  return {
    'user.disabled': t('Disabled'),
    'user.deleted': t('Deleted'),
    'user.expired': t('Access ended'),
    'user.erased': t('Erased'),
  };
}

/** How fast access ends here. */
function Times() {
  const { t } = useTranslation();
  const { data } = useQuery({
    queryKey: ['/leaver-receipts/times'],
    queryFn: () =>
      call<{ leavers: number; open: number; p50Seconds: number | null; p99Seconds: number | null }>(
        'GET',
        '/leaver-receipts/times',
      ),
  });
  if (!data || data.data.leavers === 0) return null;
  const { leavers, open, p50Seconds, p99Seconds } = data.data;
  const seconds = (value: number | null) => (value === null ? '–' : `${value.toFixed(1)} s`);
  return (
    <Group gap="lg" mb="md">
      <Text size="sm">{t('Signed in when they left, in 30 days: {{leavers}}', { leavers })}</Text>
      <Text size="sm">{t('Half are out within {{time}}', { time: seconds(p50Seconds) })}</Text>
      <Text size="sm">{t('99 of 100 within {{time}}', { time: seconds(p99Seconds) })}</Text>
      <Text size="sm">{t('Still open: {{open}}', { open })}</Text>
    </Group>
  );
}

export default function Leavers() {
  const { t } = useTranslation();
  const words = useLeavingWords();
  const columns: Column<Leaver>[] = [
    {
      key: 'user',
      header: t('Person'),
      cell: ({ id, user }) => (
        <Anchor component={Link} to={`/leavers/${id}`} fw={500}>
          {user.label}
        </Anchor>
      ),
    },
    { key: 'action', header: t('What happened'), cell: ({ action }) => words[action] },
    { key: 'by', header: t('By'), cell: ({ by }) => by.label },
    { key: 'at', header: t('When'), cell: ({ calledAt }) => time(calledAt) },
  ];
  return (
    <Page
      title={t('Leavers')}
      lead={t('For each person whose access ended: what ended when, and which application confirmed it.')}
    >
      <Times />
      <DataTable<Leaver>
        name="leavers"
        path="/leaver-receipts"
        caption={t('Leavers')}
        searchLabel={t('Search the list')}
        columns={columns}
        empty={<Empty text={t('No one has left yet.')} />}
      />
    </Page>
  );
}
