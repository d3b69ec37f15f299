import { Button, Group, NumberInput, Paper, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call, read, type Listed } from '../api.js';
import type { BreakGlassEntry } from '../sso-types.js';
import { time } from '../text/format.js';
import type { User } from '../types.js';
import { useAct } from '../ui/act.js';
import { FormProblem } from '../ui/Problems.js';
import { Word } from '../ui/Status.js';

const dayMs = 86_400_000;

function Entry({ entry }: { entry: BreakGlassEntry }) {
  const { t } = useTranslation();
  const act = useAct();
  const name = entry.user.email ?? entry.user.displayName;
  return (
    <Group justify="space-between">
      <Text size="sm">{name}</Text>
      <Group gap="sm">
        {entry.armed && entry.armedUntil !== null ? (
          <Word text={t('Armed until {{time}}', { time: time(entry.armedUntil) })} color="green" />
        ) : (
          <Word text={entry.hasSecondFactor ? t('Not armed') : t('No second factor')} color="gray" />
        )}
        <Button
          size="compact-sm"
          variant="default"
          aria-label={t('Take emergency access from {{name}}', { name })}
          onClick={() =>
            act(
              () => call('DELETE', `/users/${entry.user.id}/break-glass`),
              t('{{name}} has no emergency access any more', { name }),
            )
          }
        >
          {t('Take away')}
        </Button>
      </Group>
    </Group>
  );
}

function Arm() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [email, setEmail] = useState('');
  const [days, setDays] = useState(30);
  const { error, isPending, mutate } = useMutation({
    mutationFn: async () => {
      const { items } = await read<Listed<User>>('/users', { q: email.trim(), limit: 20 });
      const user = items.find((one) => one.email?.toLowerCase() === email.trim().toLowerCase());
      if (!user) throw new Error(t('There is no user with this address.'));
      const armedUntil = new Date(Date.now() + days * dayMs).toISOString();
      await call('PUT', `/users/${user.id}/break-glass`, { body: { armedUntil } });
    },
    onSuccess: () => {
      setEmail('');
      void client.invalidateQueries();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        mutate();
      }}
    >
      <Group align="flex-end">
        <TextInput
          label={t('Address of an administrator')}
          miw={240}
          value={email}
          onChange={({ currentTarget }) => setEmail(currentTarget.value)}
        />
        <NumberInput
          label={t('Days')}
          min={1}
          max={90}
          w={90}
          value={days}
          onChange={(value) => setDays(Number(value))}
        />
        <Button type="submit" variant="default" loading={isPending}>
          {t('Arm')}
        </Button>
      </Group>
      <FormProblem error={error} />
    </form>
  );
}

/** The administrators who come in while a required provider does not work. */
export function BreakGlass() {
  const { t } = useTranslation();
  const { data } = useQuery({
    queryKey: ['/break-glass'],
    queryFn: () => read<Listed<BreakGlassEntry>>('/break-glass'),
  });
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="break-glass">
      <Stack gap="sm">
        <Title order={2} size="h4" id="break-glass">
          {t('Emergency access')}
        </Title>
        <Text size="sm" c="dimmed">
          {t(
            'While a required provider does not work, these administrators sign in at /signin?local=1 with a password and a second factor. Each use is reported to all administrators by mail.',
          )}
        </Text>
        {data?.items.map((entry) => (
          <Entry key={entry.user.id} entry={entry} />
        ))}
        <Arm />
      </Stack>
    </Paper>
  );
}
