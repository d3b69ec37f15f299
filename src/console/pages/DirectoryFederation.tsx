import { NativeSelect, NumberInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Directory } from '../types.js';
import { SaveEnd } from '../ui/SaveEnd.js';
import { useSave } from '../ui/use-save.js';

type Preset = 'none' | 'entra' | 'other';

/** Workloads of a cloud that show an assertion of their own issuer: no secret is kept anywhere. */
export function Federation({ directory, etag }: { directory: Directory; etag: string | undefined }) {
  const { t } = useTranslation();
  const { federation } = directory;
  const [preset, setPreset] = useState<Preset>(federation ? 'other' : 'none');
  const [form, setForm] = useState({
    issuer: federation?.issuer ?? '',
    subject: federation?.subject ?? '',
    audience: federation?.audience ?? '',
    entraTenantId: '',
  });
  const [seconds, setSeconds] = useState<number>(directory.tokenSeconds);
  const { mutate, isPending, error } = useSave(`/directories/${directory.id}`, etag);
  const { issuer, subject, audience, entraTenantId } = form;
  const said = {
    none: null,
    entra: { entraTenantId: entraTenantId.trim(), subject: subject.trim() },
    other: { issuer: issuer.trim(), subject: subject.trim(), audience: audience.trim() },
  }[preset];
  const field = (name: keyof typeof form, label: string, description: string) => (
    <TextInput
      label={label}
      description={description}
      value={form[name]}
      onChange={({ currentTarget }) => setForm({ ...form, [name]: currentTarget.value })}
    />
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        mutate({ federation: said, tokenSeconds: seconds });
      }}
    >
      <Stack>
        <Title order={2} size="h4">
          {t('Without a secret')}
        </Title>
        <Text size="sm" c="dimmed">
          {t(
            'A workload shows an assertion of its cloud (workload identity federation), so that no secret is kept.',
          )}
        </Text>
        <NativeSelect
          label={t('Whose assertions are taken')}
          value={preset}
          onChange={({ currentTarget }) => setPreset(currentTarget.value as Preset)}
          data={[
            { value: 'none', label: t('none') },
            { value: 'entra', label: 'Entra ID' },
            { value: 'other', label: t('another issuer’s') },
          ]}
        />
        {preset === 'entra' &&
          field('entraTenantId', t('Tenant id in Entra'), t('Overview of Entra ID: Tenant ID'))}
        {preset === 'other' && field('issuer', t('Issuer'), t('Its discovery document names the keys'))}
        {preset !== 'none' &&
          field(
            'subject',
            t('Subject'),
            t('In Entra: the object id of the service principal that provisions'),
          )}
        {preset === 'other' && field('audience', t('Audience'), t('For whom the assertions are made'))}
        <NumberInput
          label={t('Seconds a token lives')}
          description="900 – 21600"
          value={seconds}
          onChange={(value) => setSeconds(Number(value))}
        />
        <SaveEnd error={error} isPending={isPending} />
      </Stack>
    </form>
  );
}
