import { Anchor, Button, Drawer, Group, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { enteredTenant } from '../api.js';
import { exactTime } from '../text/format.js';
import { asSentence, said } from '../text/server.js';
import type { Directory, ScimRequest } from '../types.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Empty } from '../ui/Empty.js';
import { Word } from '../ui/Status.js';
import { LiveLogEntry, readable } from './LiveLogEntry.js';

/** Asks for the list again when a request was answered; an operator in another tenant polls instead. */
function useFollow(directory: Directory, isOn: boolean): void {
  const client = useQueryClient();
  const path = `/directories/${directory.id}/requests`;
  useEffect(() => {
    if (!isOn || enteredTenant() !== null) return undefined;
    const source = new EventSource(`/api/v1${path}/stream`);
    source.addEventListener('request', () => void client.invalidateQueries({ queryKey: [path] }));
    return () => source.close();
  }, [client, path, isOn]);
}

/** A path with a name in place of the id that its target has. */
export function named({ path, target }: ScimRequest): string {
  const shown = readable(path).replace(/&startIndex=1&count=\d+$/, '');
  return target?.label ? shown.replace(target.id, target.label) : shown;
}

function useColumns(show: (request: string) => void): Column<ScimRequest>[] {
  const { t } = useTranslation();
  return [
    { key: 'at', header: t('When'), cell: ({ at }) => <span className="numbers">{exactTime(at)}</span> },
    {
      key: 'request',
      header: t('Request'),
      cell: (request) => (
        <Anchor component="button" type="button" ta="start" className="cut" onClick={() => show(request.id)}>
          <strong>{request.method}</strong> {named(request)}
        </Anchor>
      ),
    },
    {
      key: 'status',
      header: t('Answer'),
      cell: ({ status }) => <Word text={String(status)} color={status < 400 ? 'green' : 'red'} />,
    },
    {
      key: 'target',
      header: t('Target'),
      cell: ({ target }) => (!target || target.label === '' ? '–' : target.label),
    },
    {
      key: 'what',
      header: t('What happened'),
      cell: ({ error, diff, method }) => (
        <Text
          size="sm"
          miw={220}
          maw={420}
          className="wrapped"
          title={error?.hint ? said(error.hint) : undefined}
        >
          {(error && asSentence(error.detail)) ??
            (method === 'GET' ? t('Looked up') : t('{{count}} changes', { count: diff.length }))}
        </Text>
      ),
    },
    {
      key: 'ms',
      header: t('Took'),
      isHidden: true,
      cell: ({ latencyMs }) => <span className="numbers">{`${Math.round(latencyMs)} ms`}</span>,
    },
    {
      key: 'credential',
      header: t('Credential'),
      isHidden: true,
      cell: ({ credential }) => credential?.name ?? '–',
    },
  ];
}

/** Every request of the identity provider as it comes, with what it changed and why it failed. */
export function LiveLog({ directory }: { directory: Directory }) {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const [isLive, setLive] = useState(true);
  useFollow(directory, isLive);
  const opened = params.get('request');
  const show = (request: string | null) => {
    const next = new URLSearchParams(params);
    if (request === null) next.delete('request');
    else next.set('request', request);
    setParams(next);
  };
  const columns = useColumns(show);
  return (
    <Stack>
      <Group>
        <Button variant="default" aria-pressed={!isLive} onClick={() => setLive(!isLive)}>
          {isLive ? t('Pause') : t('Go on')}
        </Button>
        <Text size="sm" c="dimmed">
          {isLive
            ? t('New requests appear by themselves. A row opens what it changed and why it failed.')
            : t('Paused.')}
        </Text>
      </Group>
      <DataTable<ScimRequest>
        name="requests"
        path={`/directories/${directory.id}/requests`}
        caption={t('Live log')}
        columns={columns}
        searchLabel={t('Search paths and targets')}
        filters={[
          {
            name: 'result',
            label: t('Result'),
            options: [
              { value: 'success', label: t('Success') },
              { value: 'failure', label: t('Failure') },
            ],
          },
          {
            name: 'method',
            label: t('Method'),
            options: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map((value) => ({ value, label: value })),
          },
        ]}
        empty={
          <Empty
            text={t(
              'Nothing has come yet. Set up the provider as the tab Setup says, then press its test button: the request appears here within a second.',
            )}
            action={
              <Button component={Link} variant="default" to={`/directories/${directory.id}`}>
                {t('Setup')}
              </Button>
            }
          />
        }
        onOpen={({ id }) => show(id)}
        {...(isLive && { refetchSeconds: 10 })}
      />
      <Drawer
        opened={opened !== null}
        onClose={() => show(null)}
        title={t('Request')}
        position="right"
        size="lg"
      >
        {opened !== null && <LiveLogEntry directory={directory} id={opened} />}
      </Drawer>
    </Stack>
  );
}
