import { Anchor, Drawer, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { deed, sentence } from '../text/actions.js';
import { exactTime } from '../text/format.js';
import type { AuditEvent } from '../types.js';
import { Changes } from '../ui/Changes.js';
import { Facts } from '../ui/Facts.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import type { Filter } from '../ui/Filters.js';
import { ExportButton } from '../ui/ExportButton.js';
import { Page } from '../ui/Page.js';
import { Word } from '../ui/Status.js';
import { AuditVerification } from './AuditVerification.js';
import { AuditTabs } from './AuditTabs.js';

const pageOf: Readonly<Record<string, string>> = {
  user: '/users',
  group: '/groups',
  application: '/applications',
  directory: '/directories',
  sso_connection: '/sso-connections',
};

function Details({ event }: { event: AuditEvent }) {
  const { t } = useTranslation();
  const page = event.target?.id ? pageOf[event.target.type] : undefined;
  return (
    <Stack>
      <Text fw={500}>{sentence(t, event)}</Text>
      <Text size="sm" c="dimmed">
        {exactTime(event.at)}
      </Text>
      <Facts
        facts={[
          [t('Actor'), `${event.actor.label} (${event.actor.type})`],
          [t('Action'), event.action],
          ['IP', event.ip ?? '–'],
          [t('Request id'), event.requestId ?? '–'],
        ]}
      />
      {event.target && (
        <Text>
          {page === undefined ? (
            event.target.label
          ) : (
            <Anchor component={Link} to={`${page}/${event.target.id ?? ''}`}>
              {event.target.label}
            </Anchor>
          )}
        </Text>
      )}
      <Changes changes={event.changes} />
    </Stack>
  );
}

export default function Audit() {
  const { t } = useTranslation();
  const [params] = useSearchParams();
  const [opened, setOpened] = useState<AuditEvent>();
  const filters: Filter[] = [
    { name: 'from', label: t('Date from'), kind: 'date' },
    { name: 'to', label: t('Date to'), kind: 'date' },
    { name: 'actor', label: t('Actor'), kind: 'person' },
    { name: 'action', label: t('Action'), kind: 'text', placeholder: 'user.*' },
    { name: 'target', label: t('Target'), kind: 'person' },
    {
      name: 'result',
      label: t('Result'),
      isRare: true,
      options: [
        { value: 'success', label: t('Success') },
        { value: 'failure', label: t('Failure') },
      ],
    },
  ];
  const columns: Column<AuditEvent>[] = [
    { key: 'at', header: t('When'), sort: 'at', cell: ({ at }) => exactTime(at) },
    { key: 'actor', header: t('Actor'), cell: ({ actor }) => actor.label },
    {
      key: 'action',
      header: t('Action'),
      cell: (event) => (
        <>
          <Anchor
            component="button"
            type="button"
            ta="start"
            className="cut"
            onClick={() => setOpened(event)}
          >
            {deed(t, event)}
          </Anchor>
          <Text size="xs" c="dimmed">
            {event.action}
          </Text>
        </>
      ),
    },
    { key: 'target', header: t('Target'), cell: ({ target }) => target?.label ?? '–' },
    { key: 'ip', header: 'IP', isHidden: true, cell: ({ ip }) => ip ?? '–' },
    {
      key: 'result',
      header: t('Result'),
      cell: ({ result }) => (
        <Word
          text={result === 'success' ? t('Success') : t('Failure')}
          color={result === 'success' ? 'green' : 'red'}
        />
      ),
    },
  ];
  const asked = Object.fromEntries(filters.map(({ name }) => [name, params.get(name)]));
  return (
    <Page
      title={t('Audit log')}
      lead={t('Who changed what, when. Entries are sealed: a changed or missing one is found.')}
      actions={<ExportButton path="/audit-events/export.csv" query={asked} label={t('Export CSV')} />}
    >
      <AuditTabs value="log" />
      <AuditVerification />
      <DataTable<AuditEvent>
        name="audit"
        path="/audit-events"
        views="audit-events"
        caption={t('Audit log')}
        columns={columns}
        filters={filters}
        query={params.get('sort') === null ? { sort: '-at' } : {}}
        onOpen={setOpened}
      />
      <Drawer
        opened={opened !== undefined}
        onClose={() => setOpened(undefined)}
        title={t('Entry')}
        position="right"
      >
        {opened && <Details event={opened} />}
      </Drawer>
    </Page>
  );
}
