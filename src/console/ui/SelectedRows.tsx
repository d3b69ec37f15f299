import { Button, Group, Text } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

export interface Selection {
  ids: ReadonlySet<string>;
  /** How many are selected. */
  count: number;
  /** How many the list has in all. */
  total: number;
  /** What the list was asked for, where all that match are selected and not only those of a page. */
  filter: Readonly<Record<string, string>> | undefined;
  clear: () => void;
}

interface SelectedRowsProps extends Pick<Selection, 'ids' | 'total' | 'clear'> {
  filter: Record<string, string>;
  bulk: (selection: Selection) => ReactNode;
}

/** How many rows are selected, the offer to take all that match, and what can be done with them. */
export function SelectedRows({ ids, total, filter, bulk, clear }: SelectedRowsProps) {
  const { t } = useTranslation();
  const [everything, setEverything] = useState<string>();
  const isAll = everything === JSON.stringify(filter);
  const count = isAll ? total : ids.size;
  return (
    <Group gap="sm" role="group" aria-label={t('Selected rows')}>
      <Text fw={600}>{t('{{count}} selected', { count })}</Text>
      {!isAll && total > ids.size && (
        <Button size="compact-md" variant="subtle" onClick={() => setEverything(JSON.stringify(filter))}>
          {t('Select all {{count}} that match', { count: total })}
        </Button>
      )}
      {bulk({ ids, count, total, filter: isAll ? filter : undefined, clear })}
    </Group>
  );
}
