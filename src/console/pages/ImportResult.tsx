import { Button, Group, Progress, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { post } from '../api.js';
import { asSentence } from '../text/server.js';
import type { BulkJob, BulkRow } from '../types.js';
import { useAct } from '../ui/act.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Word } from '../ui/Status.js';
import { isOver } from '../ui/use-job.js';

const colors = { done: 'green', unchanged: 'gray', refused: 'red', open: 'blue' } as const;

/** What would become of each line, or what became of it. */
export function ImportResult({ job, isTrial }: { job: BulkJob; isTrial: boolean }) {
  const { t } = useTranslation();
  const act = useAct();
  const over = isOver(job);
  const { done, refused, unchanged } = job.counts;
  const counts = { count: done, unchanged, refused };
  const names = {
    done: isTrial ? t('would be taken') : t('taken'),
    unchanged: t('as it is already'),
    refused: t('refused'),
    open: t('not yet'),
  };
  const columns: Column<BulkRow>[] = [
    { key: 'line', header: t('Line'), cell: ({ line }) => <span className="numbers">{line}</span> },
    { key: 'label', header: t('Whom'), cell: ({ label }) => label || '–' },
    {
      key: 'outcome',
      header: t('Result'),
      cell: ({ outcome }) => <Word text={names[outcome]} color={colors[outcome]} />,
    },
    { key: 'reason', header: t('Why'), cell: ({ reason }) => asSentence(reason ?? '') },
  ];
  return (
    <Stack component="section" aria-label={t('Result')}>
      <Title order={2} size="h4">
        {isTrial ? t('What would happen') : t('What happened')}
      </Title>
      {!over && (
        <Group>
          <Progress
            flex={1}
            value={job.total === 0 ? 0 : (100 * job.processed) / job.total}
            aria-label={t('Progress')}
          />
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => act(() => post(`/bulk/${job.id}/cancel`), t('Stopped'))}
          >
            {t('Stop')}
          </Button>
        </Group>
      )}
      <Text role="status">
        {over
          ? isTrial
            ? t('{{count}} would be taken, {{unchanged}} are so already, {{refused}} are refused.', counts)
            : t('{{count}} taken, {{unchanged}} were so already, {{refused}} refused.', counts)
          : t('{{processed}} of {{total}} lines', { processed: job.processed, total: job.total })}
      </Text>
      {over && (
        <DataTable<BulkRow>
          name="import"
          path={`/bulk/${job.id}/rows`}
          caption={t('Lines of the file')}
          columns={columns}
          rowId={({ line }) => String(line)}
          filters={[
            {
              name: 'outcome',
              label: t('Result'),
              options: Object.entries(names).map(([value, label]) => ({ value, label })),
            },
          ]}
        />
      )}
    </Stack>
  );
}
