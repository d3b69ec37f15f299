import { Anchor, Button, Code, Drawer, Group, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { enteredTenant, post, read } from '../api.js';
import { useRoles } from '../session.js';
import { time } from '../text/format.js';
import type { Change, Directory, ScimRequest } from '../types.js';
import { Changes } from '../ui/Changes.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { FormProblem, ProblemView } from '../ui/Problems.js';
import { Word } from '../ui/Status.js';

interface Replayed {
  status: number;
  diff: Change[];
}

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

function RoleChanges({ request }: { request: ScimRequest }) {
  const { t } = useTranslation();
  const { nameOf } = useRoles();
  return request.roleChanges.map(({ userId, granted, withdrawn }) => (
    <Text key={userId} size="sm">
      <Anchor component={Link} to={`/users/${userId}`}>
        {t('User')}
      </Anchor>
      {granted.length > 0 && ` ${t('gains {{roles}}', { roles: granted.map(nameOf).join(', ') })}`}
      {withdrawn.length > 0 && ` ${t('loses {{roles}}', { roles: withdrawn.map(nameOf).join(', ') })}`}
    </Text>
  ));
}

function Fault({ error }: { error: NonNullable<ScimRequest['error']> }) {
  const { t } = useTranslation();
  const clash = error.conflictsWith;
  return (
    <Stack gap={4}>
      <Text fw={600}>{error.detail}</Text>
      {error.hint !== null && <Text>{error.hint}</Text>}
      {clash && (
        <Anchor component={Link} to={`/${clash.type}s/${clash.id}`}>
          {t('It clashed with {{who}}', { who: clash.label })}
        </Anchor>
      )}
    </Stack>
  );
}

function Entry({ directory, id }: { directory: Directory; id: string }) {
  const { t } = useTranslation();
  const path = `/directories/${directory.id}/requests/${id}`;
  const { data: request, error } = useQuery({ queryKey: [path], queryFn: () => read<ScimRequest>(path) });
  const replay = useMutation({ mutationFn: () => post<Replayed>(`${path}/replay`) });
  if (error) return <ProblemView error={error} />;
  if (!request) return null;
  const target = request.target;
  return (
    <Stack>
      <Text className="code">{`${request.method} ${request.path}`}</Text>
      <Text size="sm" c="dimmed">
        {`${time(request.at)} · ${request.status} · ${Math.round(request.latencyMs)} ms · ${request.credential?.name ?? '–'} · ${request.userAgent ?? '–'}`}
      </Text>
      {request.error && <Fault error={request.error} />}
      {target && (
        <Anchor
          component={Link}
          to={`/${target.type.toLowerCase() === 'group' ? 'groups' : 'users'}/${target.id}`}
        >
          {target.label}
        </Anchor>
      )}
      <Title order={2} size="h5">
        {t('Changes')}
      </Title>
      <Changes changes={request.diff} />
      <RoleChanges request={request} />
      {request.deviations.length > 0 && (
        <Text size="sm">{t('Read past: {{deviations}}', { deviations: request.deviations.join(', ') })}</Text>
      )}
      {request.body !== undefined && request.body !== null && (
        <>
          <Title order={2} size="h5">
            {t('Request')}
          </Title>
          <Code block tabIndex={0}>
            {JSON.stringify(request.body, null, 2)}
          </Code>
        </>
      )}
      <Text size="sm" c="dimmed">
        {t('Request id: {{id}}', { id: request.requestId })}
      </Text>
      {request.method !== 'GET' && (
        <Group>
          <Button variant="default" loading={replay.isPending} onClick={() => replay.mutate()}>
            {t('Replay as a dry run')}
          </Button>
        </Group>
      )}
      <FormProblem error={replay.error} />
      {replay.data && (
        <div role="status">
          <Text>
            {t('It would be answered {{status}} now; nothing was written.', { status: replay.data.status })}
          </Text>
          <Changes changes={replay.data.diff} />
        </div>
      )}
    </Stack>
  );
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
  const columns: Column<ScimRequest>[] = [
    { key: 'at', header: t('When'), cell: ({ at }) => time(at) },
    {
      key: 'request',
      header: t('Request'),
      cell: ({ id, method, path }) => (
        <Anchor component="button" type="button" ta="start" onClick={() => show(id)}>
          {`${method} ${path}`}
        </Anchor>
      ),
    },
    {
      key: 'status',
      header: t('Answer'),
      cell: ({ status }) => <Word text={String(status)} color={status < 400 ? 'green' : 'red'} />,
    },
    { key: 'target', header: t('Target'), cell: ({ target }) => target?.label ?? '–' },
    {
      key: 'what',
      header: t('What happened'),
      cell: ({ error, diff }) =>
        error?.hint ?? error?.detail ?? t('{{count}} changes', { count: diff.length }),
    },
  ];
  return (
    <Stack>
      <Group>
        <Button variant="default" aria-pressed={!isLive} onClick={() => setLive(!isLive)}>
          {isLive ? t('Pause') : t('Go on')}
        </Button>
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
        {...(isLive && { refetchSeconds: 10 })}
      />
      <Drawer
        opened={opened !== null}
        onClose={() => show(null)}
        title={t('Request')}
        position="right"
        size="lg"
      >
        {opened !== null && <Entry directory={directory} id={opened} />}
      </Drawer>
    </Stack>
  );
}
