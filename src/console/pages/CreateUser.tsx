import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post } from '../api.js';
import { useWho } from '../session.js';
import type { User } from '../types.js';
import { FormModal } from '../ui/FormModal.js';
import { tell } from '../ui/Problems.js';
import { RolePicker } from '../ui/RolePicker.js';

/** Name, email, role: the person gets a mail to activate the account. */
export function CreateUser({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const { may } = useWho();
  const blank = { givenName: '', familyName: '', email: '', roles: [] as string[] };
  const [form, setForm] = useState(blank);
  const set = (values: Partial<typeof blank>) => setForm({ ...form, ...values });
  const field = (name: 'givenName' | 'familyName' | 'email', label: string, error?: string) => (
    <TextInput
      label={label}
      type={name === 'email' ? 'email' : 'text'}
      autoComplete="off"
      error={error}
      value={form[name]}
      onChange={({ currentTarget }) => set({ [name]: currentTarget.value })}
    />
  );
  return (
    <FormModal
      title={t('Create User')}
      button={t('Create User')}
      opened={opened}
      onClose={() => {
        setForm(blank);
        onClose();
      }}
      send={() =>
        post<User>('/users', {
          email: form.email.trim(),
          givenName: form.givenName.trim() || null,
          familyName: form.familyName.trim() || null,
          ...(form.roles.length > 0 && { roles: form.roles }),
        })
      }
      onDone={(user) =>
        tell(t('{{who}} gets a mail to activate the account', { who: user.email ?? user.userName }))
      }
    >
      {(errors) => (
        <>
          {field('givenName', t('Name', { context: 'given' }), errors.givenName)}
          {field('familyName', t('Surname'), errors.familyName)}
          {field('email', t('Email'), errors.email)}
          {may('roles.assign') && (
            <RolePicker
              label={t('Role')}
              value={form.roles}
              onChange={(roles) => set({ roles })}
              error={errors.roles}
            />
          )}
        </>
      )}
    </FormModal>
  );
}
