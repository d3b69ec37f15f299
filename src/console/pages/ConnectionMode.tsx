import { Button, Group, NativeSelect } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { read, type Listed } from '../api.js';
import type { SsoConnection, User } from '../types.js';
import { useAsk } from '../ui/Ask.js';
import { useSave } from '../ui/use-save.js';

/** How many people a change of the mode concerns: those whose address is on a verified domain. */
async function countPeople({ domains }: SsoConnection): Promise<number> {
  const counts = await Promise.all(
    domains
      .filter(({ verified }) => verified)
      .map(async ({ domain }) => (await read<Listed<User>>('/users', { q: `@${domain}`, limit: 1 })).total),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Whether people of a connection's domains are forwarded, may choose, or sign in here. */
export function ConnectionMode({
  connection,
  etag,
}: {
  connection: SsoConnection;
  etag: string | undefined;
}) {
  const { t } = useTranslation();
  const { mutate, mutateAsync } = useSave(`/sso-connections/${connection.id}`, etag);
  const [ask, dialog] = useAsk();
  const { fallbackMinutes: chosen } = connection;
  const offered = [...new Set([30, 60, 240, ...(chosen === null ? [] : [chosen])])].sort((a, b) => a - b);
  async function choose(mode: string) {
    const count = await countPeople(connection);
    const texts: Record<string, string> = {
      off: t('{{count}} users are not forwarded any more: they sign in here.', { count }),
      optional: t('{{count}} users may choose where they sign in.', { count }),
      required: t('{{count}} users are forwarded and cannot use a password here.', { count }),
    };
    ask({
      title:
        mode === 'off'
          ? t('Turn off {{what}}?', { what: connection.name })
          : t('Change the mode of {{what}}?', { what: connection.name }),
      text: texts[mode],
      button: mode === 'off' ? t('Turn off') : t('Yes'),
      isDangerous: mode === 'off',
      act: () => mutateAsync({ mode }),
    });
  }
  return (
    <Group align="flex-end">
      <NativeSelect
        label={t('Mode')}
        value={connection.mode}
        onChange={({ currentTarget }) => void choose(currentTarget.value)}
        data={[
          { value: 'off', label: t('Off') },
          { value: 'optional', label: t('Optional') },
          { value: 'required', label: t('Required') },
        ]}
      />
      <NativeSelect
        label={t('If no one comes in after it is required')}
        value={String(chosen ?? '')}
        onChange={({ currentTarget: { value } }) =>
          mutate({ fallbackMinutes: value === '' ? null : Number(value) })
        }
        data={[
          { value: '', label: t('it stays required') },
          ...offered.map((minutes) => ({
            value: String(minutes),
            label: t('optional again after {{minutes}} minutes', { minutes }),
          })),
        ]}
      />
      {connection.mode !== 'off' && (
        <Button variant="default" onClick={() => void choose('off')}>
          {t('Turn off')}
        </Button>
      )}
      {dialog}
    </Group>
  );
}
