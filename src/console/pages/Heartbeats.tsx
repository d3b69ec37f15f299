import { Alert, Anchor, List, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { read, type Listed } from '../api.js';
import { useWho } from '../session.js';
import { ago, time } from '../text/format.js';
import { said } from '../text/server.js';
import { Word } from '../ui/Status.js';

interface Health {
  id: string;
  name: string;
  state: 'waiting' | 'ok' | 'failing' | 'learning' | 'off';
  since: string | null;
  checkedAt: string | null;
  checks: { name: string; ok: boolean; detail: string }[];
  /** Of directories. */
  silentAt?: string | null;
  heldSince?: string | null;
}

const colors = { waiting: 'gray', ok: 'green', failing: 'red', learning: 'blue', off: 'gray' } as const;

function useHealth(what: 'sso-connections' | 'directories', isAllowed = true) {
  const path = `/watch/${what}`;
  return useQuery({
    queryKey: [path],
    queryFn: () => read<Listed<Health>>(path, { limit: 200 }, true),
    refetchInterval: 60_000,
    enabled: isAllowed,
  }).data?.items;
}

function useStateWords(): Record<Health['state'], string> {
  const { t } = useTranslation();
  return {
    waiting: t('Not checked yet'),
    ok: t('Works'),
    failing: t('Does not work'),
    learning: t('Its rhythm is being learned'),
    off: t('Off'),
  };
}

/** The state in a word, since when, and what is wrong. */
function Beat({ health }: { health: Health }) {
  const { t } = useTranslation();
  const words = useStateWords();
  const bad = health.checks.filter(({ ok }) => !ok);
  return (
    <Stack gap={4}>
      <Text size="sm" component="div">
        <Word text={words[health.state]} color={colors[health.state]} />{' '}
        {health.checkedAt !== null && (
          <Text span c="dimmed" size="sm">
            {`· ${t('checked {{ago}}', { ago: ago(health.checkedAt) })}`}
          </Text>
        )}
      </Text>
      {bad.length > 0 && (
        <List size="sm">
          {bad.map(({ name, detail }, index) => (
            <List.Item key={`${name}${index}`}>{`${name}: ${said(detail)}`}</List.Item>
          ))}
        </List>
      )}
    </Stack>
  );
}

/** How a connection does by the last look. */
export function ConnectionBeat({ id }: { id: string }) {
  const health = useHealth('sso-connections')?.find((one) => one.id === id);
  return health ? <Beat health={health} /> : null;
}

/** Whether a directory calls as it used to. */
export function DirectoryBeat({ id }: { id: string }) {
  const { t } = useTranslation();
  const health = useHealth('directories')?.find((one) => one.id === id);
  if (!health) return null;
  return (
    <Stack gap={4}>
      <Beat health={health} />
      {health.silentAt && health.state === 'ok' && (
        <Text size="sm" c="dimmed">
          {t('It counts as silent if nothing comes until {{time}}.', { time: time(health.silentAt) })}
        </Text>
      )}
    </Stack>
  );
}

function Line({ health, to, text }: { health: Health; to: string; text: string }) {
  return (
    <List.Item>
      <Anchor component={Link} to={to} c="inherit" underline="always">
        {health.name}
      </Anchor>
      {`: ${text}`}
    </List.Item>
  );
}

/** Connections and directories that need a person now. */
export function WatchAlert() {
  const { t } = useTranslation();
  const { may } = useWho();
  const connections = useHealth('sso-connections', may('sso.manage')) ?? [];
  const directories = useHealth('directories', may('scim.manage')) ?? [];
  const broken = connections.filter(({ state }) => state === 'failing');
  const silent = directories.filter(({ state }) => state === 'failing');
  const holding = directories.filter(({ heldSince }) => heldSince);
  if (broken.length + silent.length + holding.length === 0) return null;
  return (
    <Alert color="red" title={t('This needs you')}>
      <List size="sm">
        {holding.map((one) => (
          <Line
            key={`held-${one.id}`}
            health={one}
            to={`/directories/${one.id}?tab=guard`}
            text={t('its changes are held back')}
          />
        ))}
        {broken.map((one) => (
          <Line
            key={one.id}
            health={one}
            to={`/sso-connections/${one.id}`}
            text={t('its provider does not work')}
          />
        ))}
        {silent.map((one) => (
          <Line
            key={one.id}
            health={one}
            to={`/directories/${one.id}`}
            text={t('it is silent for longer than usual')}
          />
        ))}
      </List>
    </Alert>
  );
}
