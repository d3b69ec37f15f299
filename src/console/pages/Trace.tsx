import { Button, Group, List, Paper, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { read } from '../api.js';
import { asSentence } from '../text/server.js';
import { FormProblem } from '../ui/Problems.js';

interface SignInTrace {
  outcome: string;
  steps: string[];
}

/** Where an address would sign in, and why, before anybody does. */
export function Trace() {
  const { t } = useTranslation();
  const [email, setEmail] = useState('');
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => read<SignInTrace>('/sso-connections/trace', { email: email.trim() }),
  });
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="trace">
      <Stack gap="sm">
        <Title order={2} size="h4" id="trace">
          {t('Traces')}
        </Title>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            mutate();
          }}
        >
          <Group align="flex-end">
            <TextInput
              label={t('Where does this address sign in?')}
              type="email"
              placeholder="ada@acme.test"
              miw={280}
              value={email}
              onChange={({ currentTarget }) => setEmail(currentTarget.value)}
            />
            <Button type="submit" variant="default" loading={isPending}>
              {t('Trace')}
            </Button>
          </Group>
        </form>
        <FormProblem error={error} />
        {data && (
          <div role="status">
            <Text fw={600}>
              {{ forwarded: t('Forwarded'), choice: t('Has the choice'), local: t('Signs in here') }[
                data.outcome
              ] ?? data.outcome}
            </Text>
            <List size="sm">
              {data.steps.map((step) => (
                <List.Item key={step}>{asSentence(step)}</List.Item>
              ))}
            </List>
          </div>
        )}
      </Stack>
    </Paper>
  );
}
