import { Button, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { read } from '../api.js';
import { time } from '../text/format.js';
import type { BulkJob } from '../types.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Empty } from '../ui/Empty.js';
import { Page } from '../ui/Page.js';
import { ProblemView } from '../ui/Problems.js';
import { Word } from '../ui/Status.js';
import { ImportResult } from './ImportResult.js';

type Kept = BulkJob & {
  kind: string;
  dryRun: boolean;
  createdBy: { label: string };
  createdAt: string;
};

/** What a job did, by its kind; the kind itself where it has no words. */
function useKinds(): (kind: string) => string {
  const { t } = useTranslation();
  const kinds: Readonly<Record<string, string>> = {
    'users.approve': t('Approve'),
    'users.enable': t('Enable'),
    'users.disable': t('Disable'),
    'users.end-sessions': t('Invalidate Sessions'),
    'users.delete': t('Delete'),
    'users.import': t('Import people'),
    'invitations.import': t('Import invitations'),
    'groups.import-members': t('Import members'),
  };
  return (kind) => kinds[kind] ?? kind;
}

const colors = {
  waiting: 'blue',
  running: 'blue',
  done: 'green',
  cancelled: 'gray',
  stopped: 'red',
} as const;

/** The lines of one job. */
function OneJob({ id }: { id: string }) {
  const { data, error } = useQuery({ queryKey: ['/bulk', id], queryFn: () => read<Kept>(`/bulk/${id}`) });
  if (error) return <ProblemView error={error} />;
  return data ? <ImportResult job={data} isTrial={data.dryRun} /> : null;
}

/** Bulk actions and imports of the last 30 days. */
export default function BulkJobs() {
  const { t } = useTranslation();
  const kindOf = useKinds();
  const [params, setParams] = useSearchParams();
  const opened = params.get('job');
  const states = {
    waiting: t('Waiting'),
    running: t('Running'),
    done: t('Done'),
    cancelled: t('Stopped'),
    stopped: t('Stopped: it may no longer be done'),
  };
  const columns: Column<Kept>[] = [
    { key: 'at', header: t('When'), cell: ({ createdAt }) => time(createdAt) },
    {
      key: 'kind',
      header: t('What'),
      cell: ({ id, kind, dryRun }) => (
        <Button variant="subtle" size="compact-sm" px={0} onClick={() => setParams({ job: id })}>
          {dryRun ? t('{{what}} (tried)', { what: kindOf(kind) }) : kindOf(kind)}
        </Button>
      ),
    },
    { key: 'by', header: t('By'), cell: ({ createdBy }) => createdBy.label },
    {
      key: 'status',
      header: t('Status'),
      cell: ({ status }) => <Word text={states[status]} color={colors[status]} />,
    },
    { key: 'done', header: t('Changed'), cell: ({ counts }) => counts.done },
    { key: 'unchanged', header: t('As it was'), cell: ({ counts }) => counts.unchanged },
    { key: 'refused', header: t('Refused'), cell: ({ counts }) => counts.refused },
  ];
  return (
    <Page
      title={t('Bulk actions and imports')}
      lead={t('What was done to many at once in the last 30 days, and what became of each.')}
      actions={
        <Button component={Link} to="/users" variant="default">
          {t('Users')}
        </Button>
      }
    >
      <Stack>
        <DataTable<Kept>
          name="bulk-jobs"
          path="/bulk"
          caption={t('Bulk actions and imports')}
          columns={columns}
          empty={<Empty text={t('None yet. Select several people in the list, or import a file.')} />}
        />
        {opened !== null && <OneJob key={opened} id={opened} />}
      </Stack>
    </Page>
  );
}
