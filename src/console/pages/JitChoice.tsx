import { NativeSelect } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Jit } from '../sso-types.js';
import type { Directory } from '../types.js';
import { useChoices } from '../ui/use-choices.js';

/** Which unknown people come in at their first sign-in. */
export function JitChoice({ value, onChange }: { value: Jit; onChange: (value: Jit) => void }) {
  const { t } = useTranslation();
  return (
    <NativeSelect
      label={t('People who are not known yet')}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value as Jit)}
      data={[
        { value: 'off', label: t('are refused') },
        { value: 'invited', label: t('are let in if they were invited') },
        { value: 'create', label: t('get an account at their first sign-in') },
      ]}
    />
  );
}

/** The directory of the same company, which adds people in place of sign-ins. */
export function DirectoryChoice({
  value,
  onChange,
}: {
  value: string | null;
  onChange: (value: string | null) => void;
}) {
  const { t } = useTranslation();
  const items = useChoices<Directory>('/directories');
  if (items.length === 0 && value === null) return null;
  return (
    <NativeSelect
      label={t('Directory of the same company')}
      description={t('While it is enabled, it alone adds people.')}
      value={value ?? ''}
      onChange={({ currentTarget }) => onChange(currentTarget.value === '' ? null : currentTarget.value)}
      data={[{ value: '', label: t('none') }, ...items.map(({ id, name }) => ({ value: id, label: name }))]}
    />
  );
}
