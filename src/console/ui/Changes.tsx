import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Change } from '../types.js';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Before and after of each attribute, by sign and word as well as by colour. */
export function Changes({ changes }: { changes: readonly Change[] }) {
  const { t } = useTranslation();
  if (changes.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('No changes')}
      </Text>
    );
  return (
    <div className="code">
      {changes.map((change, index) => (
        <div key={index}>
          <strong>{change.path}</strong>
          {change.before !== undefined && change.before !== null && (
            <div className="removed">− {textOf(change.before)}</div>
          )}
          {change.after !== undefined && change.after !== null && (
            <div className="added">+ {textOf(change.after)}</div>
          )}
        </div>
      ))}
    </div>
  );
}
