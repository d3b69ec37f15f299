import { Button, Group, Progress, Stack, Text, Title } from '@mantine/core';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { post, read, type Listed } from '../api.js';
import { asSentence } from '../text/server.js';
import type { BulkJob, BulkRow } from '../types.js';
import { useAct } from '../ui/act.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { saveFile } from '../ui/save-file.js';
import { Word } from '../ui/Status.js';
import { isOver } from '../ui/use-job.js';

const colors = { done: 'green', unchanged: 'gray', refused: 'red', open: 'blue' } as const;

/** A cell that no spreadsheet takes for a formula. */
function cellOf(value: string | number): string {
  const text = String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}

/** The lines that were refused, with the reason of each, as a file. */
async function saveRefused(t: TFunction, jobId: string): Promise<void> {
  const rows: BulkRow[] = [];
  let cursor: string | null = null;
  do {
    const page: Listed<BulkRow> = await read(`/bulk/${jobId}/rows`, {
      outcome: 'refused',
      limit: 1000,
      cursor,
    });
    rows.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  const table = [
    [t('Line'), t('Whom'), t('Why')],
    ...rows.map(({ line, label, reason }) => [line, label, asSentence(reason ?? '')]),
  ];
  const text = table.map((row) => row.map(cellOf).join(',')).join('\r\n');
  saveFile(new Blob([`\uFEFF${text}\r\n`], { type: 'text/csv' }), 'refused.csv');
}

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
      {over && job.counts.refused > 0 && (
        <Button
          variant="default"
          w="max-content"
          onClick={() => act(() => saveRefused(t, job.id), t('Downloaded'))}
        >
          {t('Download the refused lines (CSV)')}
        </Button>
      )}
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
