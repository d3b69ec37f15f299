import { NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post } from '../api.js';
import { keyOf } from '../text/key-of.js';
import type { Role } from '../types.js';
import { FormModal } from '../ui/FormModal.js';

interface NewRoleProps {
  opened: boolean;
  onClose: () => void;
  roles: readonly Role[];
  scope: string;
  /** The id of the role it begins as a copy of; empty: none. */
  copied: string;
}

/** A role of the tenant or of an application, from nothing or as a copy. */
export function NewRole({ opened, onClose, roles, scope, copied }: NewRoleProps) {
  const { t } = useTranslation();
  const blank = { name: '', key: '', from: copied };
  const [form, setForm] = useState(blank);
  const source = roles.find(({ id }) => id === form.from);
  const key = form.key || keyOf(form.name, '_');
  return (
    <FormModal
      title={t('New role')}
      button={t('Create')}
      opened={opened}
      onClose={() => {
        setForm(blank);
        onClose();
      }}
      send={() =>
        post<Role>('/roles', {
          key,
          name: form.name.trim(),
          ...(scope !== '' && { application: scope }),
          permissions: source?.permissions ?? [],
        })
      }
    >
      {(errors) => (
        <>
          <TextInput
            label={t('Name')}
            required
            value={form.name}
            error={errors.name}
            onChange={({ currentTarget }) => setForm({ ...form, name: currentTarget.value })}
          />
          <TextInput
            label={t('Key')}
            description={t('How tokens, rules and the API name it')}
            value={key}
            error={errors.key}
            onChange={({ currentTarget }) => setForm({ ...form, key: currentTarget.value })}
          />
          <NativeSelect
            label={t('Copy of')}
            value={form.from}
            onChange={({ currentTarget }) => setForm({ ...form, from: currentTarget.value })}
            data={[
              { value: '', label: t('Nothing') },
              ...roles.map(({ id, name }) => ({ value: id, label: name })),
            ]}
          />
        </>
      )}
    </FormModal>
  );
}
