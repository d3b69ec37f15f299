import { Alert, Anchor, Button, Code, Group, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { post, read, type Listed } from '../api.js';
import { useRoles } from '../session.js';
import { exactTime } from '../text/format.js';
import { asSentence, said } from '../text/server.js';
import type { HeldChange } from '../directory-types.js';
import type { Directory, OneScimRequest, ScimRequest } from '../types.js';
import { Changes } from '../ui/Changes.js';
import { Facts } from '../ui/Facts.js';
import { FormProblem, ProblemView } from '../ui/Problems.js';
import { Word } from '../ui/Status.js';

type Replayed = Pick<OneScimRequest, 'status' | 'diff' | 'roleChanges' | 'error' | 'names'>;

/** A path as people read it: without the signs that stand for others. */
export function readable(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
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
    <Alert color="red" title={asSentence(error.detail)}>
      <Stack gap={4}>
        {error.hint !== null && <Text size="sm">{said(error.hint)}</Text>}
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

/** Says that a change was not made, though the provider was told so. */
function Held({ directory, request }: { directory: Directory; request: OneScimRequest }) {
  const { t } = useTranslation();
  const path = `/directories/${directory.id}/held-changes`;
  const { data } = useQuery({
    queryKey: [path, 'all'],
    queryFn: () => read<Listed<HeldChange>>(path, { limit: 1000 }, true),
    enabled: request.method !== 'GET' && request.status < 400,
  });
  if (!data?.items.some(({ requestId }) => requestId === request.requestId)) return null;
  return (
    <Alert color="yellow" title={t('This change is held back')}>
      <Stack gap={4}>
        <Text size="sm">{t('The person keeps the access until you decide.')}</Text>
        <Anchor
          component={Link}
          size="sm"
          c="inherit"
          underline="always"
          to={`/directories/${directory.id}?tab=guard`}
        >
          {t('Held changes')}
        </Anchor>
      </Stack>
    </Alert>
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

/** One request: what it changed, why it failed, what was sent. */
export function LiveLogEntry({ directory, id }: { directory: Directory; id: string }) {
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
      <Held directory={directory} request={request} />
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
            target?.label ? (
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
