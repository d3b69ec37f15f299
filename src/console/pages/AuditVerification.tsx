import { Alert, Button, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { read } from '../api.js';
import { asSentence } from '../text/server.js';
import { FormProblem } from '../ui/Problems.js';
import { Copyable } from '../ui/Secret.js';

interface Verdict {
  ok: boolean;
  broken: { sequence: number; reason: string } | null;
  seals: number;
  sealed: number;
  unsealed: number;
  head: string | null;
}

/** Checks the seals of the trail, and says what holds. */
export function AuditVerification() {
  const { t } = useTranslation();
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => read<Verdict>('/audit-events/verification'),
  });
  return (
    <Stack gap="sm">
      <Button variant="default" w="max-content" loading={isPending} onClick={() => mutate()}>
        {t('Verify the seals')}
      </Button>
      <FormProblem error={error} />
      {data && (
        <Alert
          role="status"
          color={data.ok ? 'green' : 'red'}
          title={
            data.ok ? t('Nothing was changed, removed or slipped in') : t('The audit log was tampered with')
          }
        >
          <Stack gap="xs">
            {data.broken && (
              <Text size="sm">
                {t('Seal {{number}}: {{reason}}', {
                  number: data.broken.sequence,
                  reason: asSentence(data.broken.reason),
                })}
              </Text>
            )}
            <Text size="sm">
              {t(
                '{{sealed}} entries under {{seals}} seals; {{unsealed}} new ones are sealed within minutes.',
                {
                  ...data,
                },
              )}
            </Text>
            {data.head !== null && (
              <Copyable label={t('Newest seal, to be noted elsewhere')} value={data.head} />
            )}
          </Stack>
        </Alert>
      )}
    </Stack>
  );
}
