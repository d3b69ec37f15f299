import { Alert, Anchor, Button, Group, List, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { post, read } from '../api.js';
import { failureInWords, reasonInWords, stageInWords } from '../text/sign-in-words.js';
import type { SsoSignIn, SsoTestReport } from '../sso-types.js';
import { said } from '../text/server.js';
import type { SsoConnection } from '../types.js';
import { Facts } from '../ui/Facts.js';
import { FormProblem } from '../ui/Problems.js';

const pollMs = 2000;
const isOpen = (signIn: SsoSignIn | undefined): boolean =>
  signIn === undefined || signIn.state === 'new' || signIn.state === 'waiting';

function useResult() {
  const { t } = useTranslation();
  return ({ account, reason, user }: SsoTestReport): string => {
    const label = user?.label ?? '';
    return {
      known: t('It would sign in {{label}}, whose account is connected already.', { label }),
      link: t('It would connect the account {{label}}, and sign it in.', { label }),
      create: t('It would create an account, and sign it in.'),
      refused: t('It would be refused: {{reason}}.', { reason: reasonInWords(t, reason ?? '') }),
    }[account];
  };
}

function Report({ signIn }: { signIn: SsoSignIn }) {
  const { t } = useTranslation();
  const resultOf = useResult();
  const { hint, reason, report, stage } = signIn;
  if (!report)
    return (
      <Alert
        color="red"
        role="status"
        title={t('It failed at: {{stage}}', { stage: stageInWords(t, stage ?? '') })}
      >
        {failureInWords(t, { stage: null, reason, hint })}
      </Alert>
    );
  return (
    <Alert color={report.account === 'refused' ? 'red' : 'green'} role="status" title={resultOf(report)}>
      <Stack gap="xs">
        {report.lacking.length > 0 && (
          <List size="sm">
            {report.lacking.map(({ hint: how, what }) => (
              <List.Item key={what}>{said(how)}</List.Item>
            ))}
          </List>
        )}
        {report.roles.map(({ because, role }) => (
          <Text size="sm" key={role + because}>{`${role}: ${said(because)}`}</Text>
        ))}
        <Facts facts={report.claims.map(({ name, value }) => [name, value] as const)} />
      </Stack>
    </Alert>
  );
}

/** A whole sign-in at the provider that changes nothing, and what it found. */
export function TestSignIn({ connection }: { connection: SsoConnection }) {
  const { t } = useTranslation();
  const path = `/sso-connections/${connection.id}`;
  const { data, error, isPending, mutate } = useMutation({
    mutationFn: () => post<{ id: string; url: string }>(`${path}/test-sign-in`),
  });
  const { data: signIn } = useQuery({
    queryKey: [path, 'test', data?.id],
    queryFn: () => read<SsoSignIn>(`${path}/sign-ins/${data?.id ?? ''}`, {}, true),
    enabled: data !== undefined,
    refetchInterval: ({ state }) => (isOpen(state.data) ? pollMs : false),
  });
  return (
    <Stack gap="sm">
      <Group>
        <Button variant="default" loading={isPending} onClick={() => mutate()}>
          {t('Try a sign-in')}
        </Button>
        {data && isOpen(signIn) && (
          <Anchor href={data.url} target="_blank" rel="noreferrer">
            {t('Open the test in a new tab')}
          </Anchor>
        )}
      </Group>
      <Text size="sm" c="dimmed">
        {t('You sign in at the provider as anyone. No account is changed, and no one is signed in here.')}
      </Text>
      <FormProblem error={error} />
      {signIn && !isOpen(signIn) && <Report signIn={signIn} />}
    </Stack>
  );
}
