import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Change } from '../types.js';

type Names = Readonly<Record<string, string>>;

/** A value in words: names for ids, one line for each entry of a list. */
function textOf(value: unknown, names: Names): string {
  if (typeof value === 'string') return names[value] ?? value;
  if (Array.isArray(value)) return value.map((each) => textOf(each, names)).join('\n');
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const { value: id, ...rest } = value as Record<string, unknown>;
  const name = typeof id === 'string' ? names[id] : undefined;
  if (name !== undefined) return name;
  const shown = id === undefined ? rest : { value: id, ...rest };
  return Object.entries(shown)
    .map(([key, each]) => `${key}: ${typeof each === 'string' ? each : JSON.stringify(each)}`)
    .join(', ');
}

function Line({
  sign,
  words,
  value,
  names,
}: {
  sign: '−' | '+';
  words: string;
  value: unknown;
  names: Names;
}) {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return null;
  return (
    <div className={sign === '+' ? 'added' : 'removed'}>
      <span aria-label={words}>{sign}</span> {textOf(value, names)}
    </div>
  );
}

interface ChangesProps {
  changes: readonly Change[];
  /** Of users and groups, by id. */
  names?: Names;
}

/** Before and after of each attribute, by sign and word as well as by colour. */
export function Changes({ changes, names = {} }: ChangesProps) {
  const { t } = useTranslation();
  if (changes.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('No changes')}
      </Text>
    );
  return (
    <div className="changes code">
      {changes.map((change, index) => (
        <div key={index}>
          <strong>{change.path}</strong>
          <Line sign="−" words={t('Before')} value={change.before} names={names} />
          <Line sign="+" words={t('After')} value={change.after} names={names} />
        </div>
      ))}
    </div>
  );
}
