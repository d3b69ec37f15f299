import { MultiSelect } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useRoles } from '../session.js';

interface RolePickerProps {
  value: string[];
  onChange: (roles: string[]) => void;
  label?: string;
  error?: string | undefined;
  required?: boolean;
}

/** One role or several, of the tenant and of its applications. */
export function RolePicker({ value, onChange, label, error, required }: RolePickerProps) {
  const { t } = useTranslation();
  const { roles, nameOf } = useRoles();
  return (
    <MultiSelect
      label={label ?? t('Roles')}
      required={required ?? false}
      description={t('Give the least that is needed.')}
      data={roles.map(({ role }) => ({ value: role, label: nameOf(role) }))}
      value={value}
      onChange={onChange}
      error={error}
      searchable
      clearable
      hidePickedOptions
    />
  );
}
