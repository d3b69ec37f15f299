import { Alert, Badge, Button, Group, Modal, NativeSelect, Stack, Table, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call, read } from '../api.js';
import { said } from '../text/server.js';
import type { Plan } from '../types.js';
import { ImpactLines } from '../ui/Impact.js';
import { FormProblem, tell } from '../ui/Problems.js';
import { settingTexts } from './setting-texts.js';
import { valueInWords, type Values } from './SettingField.js';

interface Presets {
  current: string;
  items: { name: string; label: string; settings: Values }[];
}

/** What settings become, one a line. */
function SettingChanges({ before, after }: { before: Values; after: Values }) {
  const { t } = useTranslation();
  const changed = Object.keys(after).filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  if (changed.length === 0) return <Text>{t('No setting changes.')}</Text>;
  return (
    <div className="scroll box" tabIndex={0} role="region" aria-label={t('Changes')}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('Setting')}</Table.Th>
            <Table.Th>{t('Now')}</Table.Th>
            <Table.Th>{t('Then')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {changed.map((name) => (
            <Table.Tr key={name}>
              <Table.Td>{t(settingTexts[name]?.label ?? name)}</Table.Td>
              <Table.Td>{valueInWords(t, name, before[name])}</Table.Td>
              <Table.Td>{valueInWords(t, name, after[name])}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

interface PreviewProps {
  preset: Presets['items'][number];
  settings: Values;
  onClose: () => void;
}

/** What a preset would change and for whom, before it is used. */
function Preview({ preset, settings, onClose }: PreviewProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const ask = async <T,>(query: Record<string, string | boolean>) =>
    (await call<T>('POST', '/settings/preset', { body: { preset: preset.name }, query })).data;
  const plan = useQuery({
    queryKey: ['/settings/preset', preset.name],
    queryFn: () => ask<Plan>({ dryRun: true }),
    gcTime: 0,
  });
  const use = useMutation({
    mutationFn: () => ask({ plan: plan.data?.plan ?? '' }),
    onSuccess: () => {
      tell(t('Saved'));
      onClose();
      void client.invalidateQueries();
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={t('Use the preset {{preset}}?', { preset: said(preset.label) })}
    >
      <Stack>
        <SettingChanges before={settings} after={preset.settings} />
        <div role="status">
          {plan.data && (
            <Alert color={plan.data.affected > 0 ? 'yellow' : 'blue'}>
              {plan.data.affected === 0
                ? t('Nothing changes for anyone now.')
                : t('affects {{count}} users', { count: plan.data.affected })}
              <ImpactLines plan={plan.data} />
            </Alert>
          )}
        </div>
        <Text size="sm">{t('Its built-in roles take the place of those of now.')}</Text>
        <FormProblem error={plan.error ?? use.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t('Cancel')}
          </Button>
          <Button disabled={!plan.data} loading={use.isPending} onClick={() => use.mutate()}>
            {t('Use the preset')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** All settings at once, as one kind of product has them. */
export function PresetChoice({ settings }: { settings: Values }) {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [opened, setOpened] = useState(false);
  const { data } = useQuery({
    queryKey: ['/settings/presets'],
    queryFn: () => read<Presets>('/settings/presets'),
  });
  const chosen = data?.items.find((preset) => preset.name === name);
  const current = data?.items.find((preset) => preset.name === data.current);
  return (
    <Group align="flex-end" gap="sm">
      <NativeSelect
        label={t('Preset')}
        value={name}
        onChange={({ currentTarget }) => setName(currentTarget.value)}
        data={[
          { value: '', label: t('Choose') },
          ...(data?.items ?? []).map((preset) => ({ value: preset.name, label: said(preset.label) })),
        ]}
      />
      <Button variant="default" disabled={!chosen} onClick={() => setOpened(true)}>
        {t('See what it changes')}
      </Button>
      {current && (
        <Badge variant="light" tt="none" size="lg">
          {t('Now: {{preset}}', { preset: said(current.label) })}
        </Badge>
      )}
      {opened && chosen && <Preview preset={chosen} settings={settings} onClose={() => setOpened(false)} />}
    </Group>
  );
}
