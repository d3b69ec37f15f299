import { Alert, Button, Group, List, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { post } from '../api.js';
import type { SsoPreview } from '../sso-types.js';
import { asSentence } from '../text/server.js';
import { day } from '../text/format.js';
import { Facts } from '../ui/Facts.js';
import { FormProblem } from '../ui/Problems.js';

const order = { fault: 0, warning: 1, note: 2 };

function Found({ preview }: { preview: SsoPreview }) {
  const { t } = useTranslation();
  const { algorithms, clientAuthMethods, clockSkewSeconds, endpoints, findings, issuer, tls } = preview;
  const isGood = findings.every(({ level }) => level === 'note');
  const sorted = [...findings].sort((a, b) => order[a.level] - order[b.level]);
  const signs = { fault: '✗ ', warning: '⚠ ', note: '' };
  const isFaulty = findings.some(({ level }) => level === 'fault');
  return (
    <Alert
      color={isGood ? 'green' : isFaulty ? 'red' : 'yellow'}
      role="status"
      title={
        isFaulty && issuer === null
          ? t('The provider was not found')
          : isGood
            ? t('The provider was found')
            : t('Something is missing')
      }
    >
      <Stack gap="xs">
        {issuer !== null && (
          <Facts
            facts={[
              [t('Issuer'), issuer],
              [t('Token endpoint'), endpoints.token ?? '–'],
              [t('Signatures of ID tokens'), algorithms.join(', ')],
              [t('Client authentication'), clientAuthMethods.join(', ')],
              [t('Clock'), clockSkewSeconds === null ? '–' : `${clockSkewSeconds} s`],
              [t('TLS certificate until'), tls?.validUntil ? day(tls.validUntil) : '–'],
            ]}
          />
        )}
        <List size="sm">
          {sorted.map(({ detail, level }) => (
            <List.Item key={detail}>{`${signs[level]}${asSentence(detail)}`}</List.Item>
          ))}
        </List>
      </Stack>
    </Alert>
  );
}

/** What a provider says of itself, before a connection to it is made. */
export function ProviderPreview({ issuer, provider }: { issuer: string; provider: string | undefined }) {
  const { t } = useTranslation();
  const { data, error, isPending, mutate } = useMutation({
    mutationFn: () => post<SsoPreview>('/sso-connections/preview', { issuer: issuer.trim(), provider }),
  });
  return (
    <Stack gap="sm">
      <Group>
        <Button
          variant="default"
          disabled={issuer.trim() === ''}
          loading={isPending}
          onClick={() => mutate()}
        >
          {t('Look at the provider')}
        </Button>
      </Group>
      <FormProblem error={error} />
      {data && <Found preview={data} />}
    </Stack>
  );
}
