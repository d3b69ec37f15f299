import { Button, Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { post, remove } from '../api.js';
import { ago, time } from '../text/format.js';
import { jobInWords } from '../text/job-words.js';
import type { Job } from '../event-types.js';
import { useAct } from '../ui/act.js';
import { useAsk } from '../ui/Ask.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Empty } from '../ui/Empty.js';
import { Page } from '../ui/Page.js';
import { Word } from '../ui/Status.js';

/** Work that is done beside requests, and what of it was given up. */
export default function Jobs() {
  const { t } = useTranslation();
  const act = useAct();
  const [ask, dialog] = useAsk();
  const names = { waiting: t('Waiting'), failed: t('Given up') };
  const columns: Column<Job>[] = [
    { key: 'kind', header: t('Work'), cell: ({ kind }) => <span title={kind}>{jobInWords(t, kind)}</span> },
    { key: 'about', header: t('For'), cell: ({ about }) => about ?? '–' },
    {
      key: 'status',
      header: t('Status'),
      cell: ({ status }) => <Word text={names[status]} color={status === 'failed' ? 'red' : 'blue'} />,
    },
    { key: 'attempts', header: t('Attempts'), cell: ({ attempts }) => attempts },
    { key: 'next', header: t('Next try'), cell: ({ runAt }) => time(runAt) },
    { key: 'failed', header: t('Given up'), cell: ({ failedAt }) => ago(failedAt) },
    { key: 'error', header: t('Why'), cell: ({ error }) => <span className="code">{error ?? ''}</span> },
    {
      key: 'actions',
      header: t('Actions'),
      cell: ({ id, kind, status }) =>
        status === 'failed' && (
          <Group gap="xs" wrap="nowrap">
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => act(() => post(`/jobs/${id}/retry`), t('It is tried again'))}
            >
              {t('Try again')}
            </Button>
            <Button
              size="compact-sm"
              variant="default"
              onClick={() =>
                ask({
                  title: t('Remove {{what}}?', { what: jobInWords(t, kind) }),
                  text: t('What it was to do is then not done.'),
                  button: t('Remove'),
                  isDangerous: true,
                  act: () => {
                    act(() => remove(`/jobs/${id}`), t('Removed'));
                    return Promise.resolve();
                  },
                })
              }
            >
              {t('Remove')}
            </Button>
          </Group>
        ),
    },
  ];
  return (
    <Page
      title={t('Jobs')}
      lead={t(
        'Mails, notices and roles that are still to be done. What fails for long is given up and kept here.',
      )}
    >
      <DataTable<Job>
        name="jobs"
        path="/jobs"
        caption={t('Jobs')}
        searchLabel={t('Search the list')}
        columns={columns}
        filters={[
          {
            name: 'status',
            label: t('Status'),
            options: Object.entries(names).map(([value, label]) => ({ value, label })),
          },
        ]}
        refetchSeconds={10}
        empty={<Empty text={t('Nothing is left to do.')} />}
      />
      {dialog}
    </Page>
  );
}
