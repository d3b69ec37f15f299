import { Checkbox, NumberInput, Stack, Switch, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Guard } from '../directory-types.js';
import type { Directory } from '../types.js';
import { SaveEnd } from '../ui/SaveEnd.js';
import { useSave } from '../ui/use-save.js';

const fresh: Guard = {
  percent: 10,
  people: null,
  windowMinutes: 1440,
  lastHolders: true,
  releaseAfterHours: null,
};

/** How many people a directory may take access from before the rest waits. */
export function ChangeGuard({ directory, etag }: { directory: Directory; etag: string | undefined }) {
  const { t } = useTranslation();
  const [isOn, setOn] = useState(directory.changeGuard !== null);
  const [guard, setGuard] = useState<Guard>(directory.changeGuard ?? fresh);
  const { mutate, isPending, error } = useSave(`/directories/${directory.id}`, etag);
  const number = (
    name: 'percent' | 'people' | 'releaseAfterHours',
    label: string,
    description: string,
    max: number,
  ) => (
    <NumberInput
      label={label}
      description={description}
      min={1}
      max={max}
      allowDecimal={false}
      value={guard[name] ?? ''}
      onChange={(value) => setGuard({ ...guard, [name]: value === '' ? null : Number(value) })}
    />
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        mutate({ changeGuard: isOn ? guard : null });
      }}
    >
      <Stack maw={720}>
        <Title order={2} size="h4">
          {t('Change guard')}
        </Title>
        <Text size="sm" c="dimmed">
          {t(
            'When more people than this would be disabled, deleted or lose a role, the rest of the changes waits for an administrator.',
          )}
        </Text>
        <Switch
          label={t('Guard this directory')}
          checked={isOn}
          onChange={({ currentTarget }) => setOn(currentTarget.checked)}
        />
        {isOn && (
          <>
            {number('percent', t('Share of its people'), t('Percent; empty: no limit by share'), 100)}
            {number('people', t('Number of people'), t('Empty: no limit by number'), 1000)}
            <NumberInput
              label={t('Within so many minutes')}
              description="5 – 10080"
              min={5}
              max={10_080}
              value={guard.windowMinutes}
              onChange={(value) => setGuard({ ...guard, windowMinutes: Number(value) })}
            />
            <Checkbox
              label={t('The last person with a role keeps it')}
              checked={guard.lastHolders}
              onChange={({ currentTarget }) => setGuard({ ...guard, lastHolders: currentTarget.checked })}
            />
            {number(
              'releaseAfterHours',
              t('Release by itself after hours'),
              t('Empty: it waits for a decision'),
              720,
            )}
          </>
        )}
        <SaveEnd error={error} isPending={isPending} />
      </Stack>
    </form>
  );
}
