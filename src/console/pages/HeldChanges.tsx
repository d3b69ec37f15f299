import { Alert, Anchor, Button, Group, Progress, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { post, read, type Listed } from '../api.js';
import type { HeldChange } from '../directory-types.js';
import { time } from '../text/format.js';
import type { BulkJob, Directory } from '../types.js';
import { useAsk } from '../ui/Ask.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Empty } from '../ui/Empty.js';
import type { Selection } from '../ui/SelectedRows.js';
import { isOver, useJob } from '../ui/use-job.js';
import { ChangeGuard } from './ChangeGuard.js';
import { Refused } from './UserBulk.js';

type Decision = 'release' | 'drop';

/** How far a decision has come, and whom it did not concern. */
function Decided({ started }: { started: BulkJob }) {
  const { t } = useTranslation();
  const job = useJob(started) ?? started;
  return (
    <Stack gap="xs" role="status">
      {isOver(job) ? (
        <Alert color="green">{t('{{count}} decided', { count: job.counts.done })}</Alert>
      ) : (
        <Progress
          value={job.total === 0 ? 0 : (100 * job.processed) / job.total}
          aria-label={t('Progress')}
        />
      )}
      {isOver(job) && <Refused job={job} />}
    </Stack>
  );
}

/** The two acts, for all or for those selected. */
function Acts({
  path,
  selection,
  onStarted,
}: {
  path: string;
  selection?: Selection;
  onStarted: (job: BulkJob) => void;
}) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [ask, dialog] = useAsk();
  const { mutateAsync } = useMutation({
    mutationFn: (decision: Decision) =>
      post<BulkJob>(
        `${path}/${decision}`,
        selection && !selection.filter ? { userIds: [...selection.ids] } : {},
      ),
    onSuccess: (job) => {
      selection?.clear();
      onStarted(job);
      void client.invalidateQueries();
    },
  });
  return (
    <Group gap="sm">
      <Button
        onClick={() =>
          ask({
            title: t('Release the changes?'),
            text: t(
              'Access ends now: people are disabled or deleted, and lose roles, as the directory said.',
            ),
            button: t('Release'),
            isDangerous: true,
            act: () => mutateAsync('release'),
          })
        }
      >
        {selection ? t('Release') : t('Release all')}
      </Button>
      <Button
        variant="default"
        onClick={() =>
          ask({
            title: t('Drop the changes?'),
            text: t(
              'These people keep their access. Roles that the directory gives no more are given by hand, by you.',
            ),
            button: t('Drop'),
            act: () => mutateAsync('drop'),
          })
        }
      >
        {selection ? t('Drop') : t('Drop all')}
      </Button>
      {dialog}
    </Group>
  );
}

function useWords() {
  const { t } = useTranslation();
  return ({ deletes, disables, roles }: HeldChange): string =>
    [
      ...(deletes ? [t('Delete')] : []),
      ...(disables ? [t('Disable')] : []),
      ...(roles.length > 0 ? [t('Take {{roles}}', { roles: roles.join(', ') })] : []),
    ].join(' · ');
}

/** What the change guard of a directory holds back, and the guard itself. */
export function HeldChanges({ directory, etag }: { directory: Directory; etag: string | undefined }) {
  const { t } = useTranslation();
  const words = useWords();
  const [started, setStarted] = useState<BulkJob>();
  const path = `/directories/${directory.id}/held-changes`;
  const { data } = useQuery({
    queryKey: [path, 'first'],
    queryFn: () => read<Listed<HeldChange>>(path, { limit: 1 }, true),
    refetchInterval: 5000,
  });
  const columns: Column<HeldChange>[] = [
    {
      key: 'person',
      header: t('Person'),
      cell: ({ label, userId }) => (
        <Anchor component={Link} to={`/users/${userId}`}>
          {label}
        </Anchor>
      ),
    },
    { key: 'change', header: t('What the directory wants'), cell: words },
    { key: 'at', header: t('Held since'), cell: ({ heldAt }) => time(heldAt) },
  ];
  return (
    <Stack>
      <Title order={2} size="h4">
        {t('Held changes')}
      </Title>
      <Text size="sm" c="dimmed" maw={720}>
        {t(
          'The directory believes that these changes are made. The people keep their access until you decide.',
        )}
      </Text>
      {started && <Decided key={started.id} started={started} />}
      {data && data.total > 0 && <Acts path={path} onStarted={setStarted} />}
      <DataTable<HeldChange>
        name="held-changes"
        path={path}
        caption={t('Held changes')}
        columns={columns}
        rowId={({ userId }) => userId}
        rowName={({ label }) => label}
        bulk={(selection) => <Acts path={path} selection={selection} onStarted={setStarted} />}
        refetchSeconds={5}
        empty={<Empty text={t('Nothing is held back.')} />}
      />
      <ChangeGuard key={etag} directory={directory} etag={etag} />
    </Stack>
  );
}
