import { TagsInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { read, type Listed } from '../api.js';
import type { Webhook } from '../event-types.js';
import { Word } from '../ui/Status.js';

interface EventTypesProps {
  value: string[];
  onChange: (types: string[]) => void;
  error?: string | undefined;
}

/** Types of events to choose from, one by one or all of a noun. */
export function EventTypes({ value, onChange, error }: EventTypesProps) {
  const { t } = useTranslation();
  const { data } = useQuery({
    queryKey: ['/event-types'],
    queryFn: () => read<Listed<{ type: string }>>('/event-types', { limit: 1000 }),
    staleTime: Infinity,
  });
  const types = data?.items.map(({ type }) => type) ?? [];
  const nouns = [...new Set(types.map((type) => `${type.split('.')[0] ?? ''}.*`))];
  return (
    <TagsInput
      label={t('Event types')}
      description={t('user.created, or user.* for all of users. None: every event.')}
      data={[...nouns, ...types].sort()}
      maxDropdownHeight={240}
      limit={50}
      value={value}
      onChange={onChange}
      error={error}
      clearable
    />
  );
}

/** Whether a webhook's messages arrive. */
export function WebhookState({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation();
  if (!webhook.enabled) return <Word text={t('Off')} color="gray" />;
  return webhook.failingSince === null ? (
    <Word text={t('On')} color="green" />
  ) : (
    <Word text={t('Failing')} color="red" />
  );
}
