import { Checkbox, Group, NativeSelect, NumberInput, Switch, TextInput } from '@mantine/core';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { Duration, unitOf } from '../ui/Duration.js';
import { settingTexts, valueNames } from './setting-texts.js';

export type Value = string | number | boolean | string[];
export type Values = Record<string, Value>;

const isDuration = (name: string): boolean => name.endsWith('Seconds');

/** A setting's value as a sentence would say it. */
export function valueInWords(t: TFunction, name: string, value: Value | undefined): string {
  if (value === undefined || value === '') return t('none');
  if (typeof value === 'boolean') return value ? t('On') : t('Off');
  if (Array.isArray(value)) return value.map((each) => valueInWords(t, name, each)).join(', ') || t('none');
  if (typeof value === 'string') return t(valueNames[name]?.[value] ?? value);
  if (!isDuration(name)) return `${value} ${t(settingTexts[name]?.unit ?? '')}`.trim();
  if (value === 0) return '0';
  const unit = unitOf(value);
  const span = { days: 86_400, hours: 3600, minutes: 60, seconds: 1 }[unit];
  return `${value / span} ${t(unit)}`;
}

interface FieldProps {
  name: string;
  value: Value;
  error: string | undefined;
  onChange: (value: Value) => void;
}

function Choices({ name, value, error, onChange, label }: FieldProps & { label: string }) {
  const { t } = useTranslation();
  return (
    <Checkbox.Group label={label} error={error} value={value as string[]} onChange={onChange}>
      <Group mt={4}>
        {Object.entries(valueNames[name] ?? {}).map(([key, text]) => (
          <Checkbox key={key} value={key} label={t(text)} />
        ))}
      </Group>
    </Checkbox.Group>
  );
}

/** One setting as its kind is typed in. */
export function SettingField(props: FieldProps) {
  const { t } = useTranslation();
  const { name, value, error, onChange } = props;
  const { label: text, help, unit } = settingTexts[name] ?? { label: name };
  const label = t(text);
  const texts = { label, error, description: help === undefined ? undefined : t(help) };
  if (typeof value === 'boolean')
    return (
      <Switch
        {...texts}
        labelPosition="left"
        className="setting"
        checked={value}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      />
    );
  if (Array.isArray(value)) return <Choices {...props} label={label} />;
  if (typeof value === 'number' && isDuration(name))
    return <Duration {...texts} value={value} onChange={onChange} />;
  if (typeof value === 'number')
    return (
      <NumberInput
        {...texts}
        maw={238}
        allowDecimal={false}
        min={0}
        value={value}
        suffix={unit === undefined ? '' : ` ${t(unit)}`}
        onChange={(next) => onChange(Number(next))}
      />
    );
  const names = valueNames[name];
  if (names)
    return (
      <NativeSelect
        {...texts}
        maw={360}
        data={Object.entries(names).map(([key, each]) => ({ value: key, label: t(each) }))}
        value={value}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
      />
    );
  return (
    <TextInput
      {...texts}
      maw={480}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    />
  );
}
