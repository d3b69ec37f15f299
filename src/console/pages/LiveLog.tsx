import { Alert, Anchor, Button, Code, Drawer, Group, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { enteredTenant, post, read } from '../api.js';
import { useRoles } from '../session.js';
import { exactTime } from '../text/format.js';
import type { Directory, OneScimRequest, ScimRequest } from '../types.js';
import { Changes } from '../ui/Changes.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Empty } from '../ui/Empty.js';
import { Facts } from '../ui/Facts.js';
import { FormProblem, ProblemView } from '../ui/Problems.js';
import { Word } from '../ui/Status.js';

type Replayed = Pick<OneScimRequest, 'status' | 'diff' | 'roleChanges' | 'error' | 'names'>;

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

function RoleChanges({ changes, names }: Pick<Replayed, 'names'> & { changes: Replayed['roleChanges'] }) {
  const { t } = useTranslation();
  const { nameOf } = useRoles();
  return changes.map(({ userId, granted, withdrawn }) => (
    <Text key={userId} size="sm">
      <Anchor component={Link} to={`/users/${userId}`}>
        {names[userId] ?? t('A user who is gone')}
      </Anchor>
      {granted.length > 0 && ` ${t('gains {{roles}}', { roles: granted.map(nameOf).join(', ') })}`}
      {withdrawn.length > 0 && ` ${t('loses {{roles}}', { roles: withdrawn.map(nameOf).join(', ') })}`}
    </Text>
  ));
}

/** Why it failed, what to do about it, and whom it clashed with. */
function Fault({ error }: { error: NonNullable<ScimRequest['error']> }) {
  const { t } = useTranslation();
  const clash = error.conflictsWith;
  return (
    <Alert color="red" title={error.detail}>
      <Stack gap={4}>
        {error.hint !== null && <Text size="sm">{error.hint}</Text>}
        {clash && (
          <Anchor
            component={Link}
            size="sm"
            c="inherit"
            underline="always"
            to={`/${clash.type}s/${clash.id}`}
          >
            {t('It clashed with {{who}}', { who: clash.label })}
          </Anchor>
        )}
      </Stack>
    </Alert>
  );
}

function Replay({ path }: { path: string }) {
  const { t } = useTranslation();
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => post<Replayed>(`${path}/replay`),
  });
  return (
    <>
      <Group>
        <Button variant="default" loading={isPending} onClick={() => mutate()}>
          {t('Replay as a dry run')}
        </Button>
      </Group>
      <FormProblem error={error} />
      {data && (
        <Stack gap="xs" role="status">
          <Text>
            {t('It would be answered {{status}} now; nothing was written.', { status: data.status })}
          </Text>
          {data.error && <Fault error={data.error} />}
          {!data.error && <Changes changes={data.diff} names={data.names} />}
          <RoleChanges changes={data.roleChanges} names={data.names} />
        </Stack>
      )}
    </>
  );
}

/** What the provider sent, as it came. */
function Body({ body }: { body: unknown }) {
  const { t } = useTranslation();
  if (body === undefined || body === null) return null;
  return (
    <>
      <Title order={2} size="h5">
        {t('What was sent')}
      </Title>
      <Code block tabIndex={0} mah={360}>
        {JSON.stringify(body, null, 2)}
      </Code>
    </>
  );
}

function Entry({ directory, id }: { directory: Directory; id: string }) {
  const { t } = useTranslation();
  const path = `/directories/${directory.id}/requests/${id}`;
  const { data: request, error } = useQuery({ queryKey: [path], queryFn: () => read<OneScimRequest>(path) });
  if (error) return <ProblemView error={error} />;
  if (!request) return null;
  const { target, names } = request;
  return (
    <Stack>
      <Text className="code">{`${request.method} ${readable(request.path)}`}</Text>
      {request.error && <Fault error={request.error} />}
      <Facts
        facts={[
          [t('When'), exactTime(request.at)],
          [
            t('Answer'),
            <Word
              key="answer"
              text={`${request.status}, ${Math.round(request.latencyMs)} ms`}
              color={request.status < 400 ? 'green' : 'red'}
            />,
          ],
          [
            t('Target'),
            target ? (
              <Anchor
                key="target"
                component={Link}
                to={`/${target.type.toLowerCase() === 'group' ? 'groups' : 'users'}/${target.id}`}
              >
                {target.label}
              </Anchor>
            ) : (
              '–'
            ),
          ],
          [t('Credential'), request.credential?.name ?? '–'],
          [t('Program'), request.userAgent ?? '–'],
          [t('Address'), request.ip ?? '–'],
          ...(request.deviations.length > 0
            ? [[t('Departs from the standard'), request.deviations.join(', ')] as const]
            : []),
          [t('Request id'), request.requestId],
        ]}
      />
      <Title order={2} size="h5">
        {t('Changes')}
      </Title>
      <Changes changes={request.diff} names={names} />
      <RoleChanges changes={request.roleChanges} names={names} />
      {request.operations.map((operation, index) => (
        <Stack key={index} gap={4}>
          <Text size="sm" fw={500}>{`${operation.method} ${operation.path} · ${operation.status}`}</Text>
          {operation.error && <Fault error={operation.error} />}
          {!operation.error && <Changes changes={operation.diff} names={names} />}
          <RoleChanges changes={operation.roleChanges} names={names} />
        </Stack>
      ))}
      {request.method !== 'GET' && <Replay path={path} />}
      <Body body={request.body} />
    </Stack>
  );
}

/** A path as people read it: without the signs that stand for others. */
function readable(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** A path with a name in place of the id that its target has. */
function named({ path, target }: ScimRequest): string {
  const shown = readable(path).replace(/&startIndex=1&count=\d+$/, '');
  return target ? shown.replace(target.id, target.label) : shown;
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
    { key: 'target', header: t('Target'), cell: ({ target }) => target?.label ?? '–' },
    {
      key: 'what',
      header: t('What happened'),
      cell: ({ error, diff, method }) => (
        <Text size="sm" className="cut" title={error?.hint ?? undefined}>
          {error?.detail ??
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
        {opened !== null && <Entry directory={directory} id={opened} />}
      </Drawer>
    </Stack>
  );
}
