import { Alert, Button, Group, List, Modal, Progress, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post, read, type Listed } from '../api.js';
import { useWho } from '../session.js';
import { said } from '../text/server.js';
import type { BulkJob, BulkRow } from '../types.js';
import type { Selection } from '../ui/SelectedRows.js';
import { FormProblem, tell } from '../ui/Problems.js';
import { isOver, useJob } from '../ui/use-job.js';

interface BulkAct {
  label: string;
  verb: string;
  permission: string;
  done: (count: number) => string;
  isDangerous?: boolean;
}

/** Whom it does not concern, and why. */
export function Refused({ job }: { job: BulkJob }) {
  const { t } = useTranslation();
  const { data } = useQuery({
    queryKey: ['/bulk', job.id, 'refused'],
    queryFn: () => read<Listed<BulkRow>>(`/bulk/${job.id}/rows`, { outcome: 'refused', limit: 20 }),
    enabled: job.counts.refused > 0,
  });
  if (job.counts.refused === 0) return null;
  return (
    <Alert color="yellow" title={t('{{count}} skipped', { count: job.counts.refused })}>
      <List size="sm">
        {data?.items.map(({ line, label, reason }) => (
          <List.Item key={line}>{`${label}: ${said(reason ?? '')}`}</List.Item>
        ))}
      </List>
    </Alert>
  );
}

interface DialogProps {
  act: BulkAct;
  selection: Selection;
  onClose: () => void;
}

/** What would happen to each, then the act itself with its progress and result. */
function BulkDialog({ act, selection, onClose }: DialogProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const whom = selection.filter
    ? { filter: selection.filter, expectedCount: selection.total }
    : { ids: [...selection.ids] };
  const start = (dryRun: boolean) => post<BulkJob>('/users/bulk', { action: act.verb, dryRun, ...whom });
  const real = useMutation({ mutationFn: () => start(false) });
  // Asked for once: what is asked for again after the act is not meant.
  const trial = useQuery({
    queryKey: ['/users/bulk', act.verb, whom],
    queryFn: () => start(true),
    enabled: real.isIdle,
    gcTime: 0,
    staleTime: Infinity,
  });
  const preview = useJob(trial.data);
  const job = useJob(real.data);
  const isDone = job !== undefined && isOver(job);
  const close = () => {
    if (isDone) {
      tell(act.done(job.counts.done));
      selection.clear();
      void client.invalidateQueries();
    }
    onClose();
  };
  const shown = job ?? preview;
  return (
    <Modal
      opened
      onClose={close}
      title={t('{{act}}: {{count}} selected', { act: act.label, count: selection.count })}
    >
      <Stack>
        {shown && !isOver(shown) && (
          <Progress
            value={shown.total === 0 ? 0 : (100 * shown.processed) / shown.total}
            aria-label={t('Progress')}
          />
        )}
        <div role="status">
          {isDone && <Text>{act.done(job.counts.done)}</Text>}
          {!job && preview && isOver(preview) && (
            <Text>
              {t('{{count}} will change, {{unchanged}} are so already.', {
                count: preview.counts.done,
                unchanged: preview.counts.unchanged,
              })}
            </Text>
          )}
        </div>
        {shown && isOver(shown) && <Refused job={shown} />}
        <FormProblem error={trial.error ?? real.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={close} data-autofocus>
            {isDone ? t('Close') : t('Cancel')}
          </Button>
          {!job && (
            <Button
              color={act.isDangerous === true ? 'red' : undefined}
              loading={real.isPending}
              disabled={!preview || !isOver(preview) || preview.counts.done === 0}
              onClick={() => real.mutate()}
            >
              {act.label}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}

/** What may be done with all selected people. */
export function UserBulk({ selection }: { selection: Selection }) {
  const { t } = useTranslation();
  const { may } = useWho();
  const [act, setAct] = useState<BulkAct>();
  const acts: BulkAct[] = [
    {
      label: t('Approve'),
      verb: 'approve',
      permission: 'users.approve',
      done: (count) => t('{{count}} approved', { count }),
    },
    {
      label: t('Enable'),
      verb: 'enable',
      permission: 'users.enable',
      done: (count) => t('{{count}} enabled', { count }),
    },
    {
      label: t('Disable'),
      verb: 'disable',
      permission: 'users.enable',
      done: (count) => t('{{count}} disabled', { count }),
    },
    {
      label: t('Invalidate Sessions'),
      verb: 'end-sessions',
      permission: 'sessions.invalidate',
      done: (count) => t('Sessions of {{count}} ended', { count }),
    },
    {
      label: t('Delete'),
      verb: 'delete',
      permission: 'users.delete',
      isDangerous: true,
      done: (count) => t('{{count}} deleted', { count }),
    },
  ];
  return (
    <>
      {acts
        .filter(({ permission }) => may(permission))
        .map((each) => (
          <Button key={each.verb} size="compact-md" variant="default" onClick={() => setAct(each)}>
            {each.label}
          </Button>
        ))}
      <Button size="compact-md" variant="subtle" onClick={selection.clear}>
        {t('Clear the selection')}
      </Button>
      {act && <BulkDialog key={act.verb} act={act} selection={selection} onClose={() => setAct(undefined)} />}
    </>
  );
}
