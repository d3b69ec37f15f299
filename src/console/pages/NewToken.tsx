import { Button, NativeSelect, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { post } from '../api.js';
import type { DirectoryToken } from '../types.js';
import { FormModal } from '../ui/FormModal.js';
import { ShownOnce } from '../ui/Secret.js';

const dayMs = 86_400_000;

interface NewTokenProps {
  /** The directory's path below `/api/v1`. */
  path: string;
  opened: boolean;
  onClose: () => void;
}

/** A token with a name and an end; its value is shown once, with where it goes. */
export function NewToken({ path, opened, onClose }: NewTokenProps) {
  const { t } = useTranslation();
  const [form, setForm] = useState({ name: '', days: '365' });
  const [token, setToken] = useState<string>();
  const close = () => {
    setForm({ name: '', days: '365' });
    setToken(undefined);
    onClose();
  };
  const spans = { '90': t('90 days'), '365': t('1 year'), '': t('No end') };
  return (
    <FormModal
      title={t('New token')}
      button={t('Create')}
      opened={opened}
      onClose={close}
      staysOpen
      send={() =>
        post<DirectoryToken>(`${path}/tokens`, {
          ...(form.name.trim() !== '' && { name: form.name.trim() }),
          ...(form.days !== '' && {
            expiresAt: new Date(Date.now() + Number(form.days) * dayMs).toISOString(),
          }),
        })
      }
      onDone={(made) => setToken(made.token)}
    >
      {(errors) =>
        token === undefined ? (
          <>
            <TextInput
              label={t('Name')}
              placeholder={t('Okta, since {{year}}', { year: new Date().getFullYear() })}
              data-autofocus
              value={form.name}
              error={errors.name}
              onChange={({ currentTarget }) => setForm({ ...form, name: currentTarget.value })}
            />
            <NativeSelect
              label={t('Ends after')}
              value={form.days}
              error={errors.expiresAt}
              onChange={({ currentTarget }) => setForm({ ...form, days: currentTarget.value })}
              data={Object.entries(spans).map(([value, label]) => ({ value, label }))}
            />
            {form.days === '' && (
              <Text size="sm" c="var(--danger)">
                {t('A token without end opens this directory until it is revoked.')}
              </Text>
            )}
          </>
        ) : (
          <>
            <ShownOnce label={t('Token')} value={token} />
            <Text size="sm">{t('Paste it at the identity provider beside the base address.')}</Text>
            <Button component={Link} to={path} variant="subtle" onClick={close}>
              {t('To the setup, which shows when the first request comes')}
            </Button>
          </>
        )
      }
    </FormModal>
  );
}
