import { Group, Input, NativeSelect, NumberInput } from '@mantine/core';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';

const units = { days: 86_400, hours: 3600, minutes: 60, seconds: 1 } as const;
type Unit = keyof typeof units;

/** The largest unit that tells a span in whole numbers. */
export function unitOf(seconds: number): Unit {
  const names = Object.keys(units) as Unit[];
  return names.find((unit) => seconds > 0 && seconds % units[unit] === 0) ?? 'minutes';
}

interface DurationProps {
  label: string;
  description?: string | undefined;
  error?: string | undefined;
  /** In seconds. */
  value: number;
  onChange: (seconds: number) => void;
}

/** A span of time as a number and its unit. */
export function Duration({ label, description, error, value, onChange }: DurationProps) {
  const { t } = useTranslation();
  const [unit, setUnit] = useState(() => unitOf(value));
  const id = useId();
  const names = { days: t('days'), hours: t('hours'), minutes: t('minutes'), seconds: t('seconds') };
  const isWhole = value % units[unit] === 0;
  const shown = isWhole ? unit : unitOf(value);
  return (
    <Input.Wrapper
      label={label}
      labelElement="div"
      labelProps={{ id }}
      description={description}
      error={error}
    >
      <Group gap="xs" wrap="nowrap" mt={4}>
        <NumberInput
          aria-label={label}
          w={110}
          allowDecimal={false}
          allowNegative={false}
          value={value / units[shown]}
          onChange={(next) => onChange(Number(next) * units[shown])}
        />
        <NativeSelect
          aria-label={t('Unit')}
          aria-describedby={id}
          w={120}
          value={shown}
          data={(Object.keys(units) as Unit[]).map((each) => ({ value: each, label: names[each] }))}
          onChange={({ currentTarget }) => {
            const next = currentTarget.value as Unit;
            setUnit(next);
            onChange((value / units[shown]) * units[next]);
          }}
        />
      </Group>
    </Input.Wrapper>
  );
}
