import {
  Button,
  Group,
  NativeSelect,
  NumberInput,
  Paper,
  Stack,
  Switch,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call, patch, post } from '../api.js';
import { useAsk } from '../ui/Ask.js';
import { Page } from '../ui/Page.js';
import { FormProblem, fieldErrors, ProblemView, tell } from '../ui/Problems.js';
import { sections, settingLabels } from './setting-labels.js';

type Value = string | number | boolean;
type Values = Record<string, Value>;

interface Shape {
  type?: string;
  enum?: string[];
  description?: string;
}

interface ApiDescription {
  components: { schemas: { Settings: { properties: Record<string, Shape> } } };
}

interface FieldProps {
  name: string;
  shape: Shape;
  value: Value | undefined;
  error: string | undefined;
  onChange: (value: Value) => void;
}

/** One setting as its kind is typed in. */
function Field({ name, shape, value, error, onChange }: FieldProps) {
  const { t } = useTranslation();
  const { description } = shape;
  const texts = {
    label: t(settingLabels[name] ?? name),
    ...(description !== undefined && { description }),
    error,
  };
  if (typeof value === 'boolean')
    return (
      <Switch {...texts} checked={value} onChange={({ currentTarget }) => onChange(currentTarget.checked)} />
    );
  if (shape.enum)
    return (
      <NativeSelect
        {...texts}
        data={shape.enum}
        value={String(value)}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
      />
    );
  if (typeof value === 'number')
    return (
      <NumberInput
        {...texts}
        allowDecimal={false}
        min={0}
        value={value}
        onChange={(next) => onChange(Number(next))}
      />
    );
  return (
    <TextInput
      {...texts}
      value={value ?? ''}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    />
  );
}

interface SectionProps {
  title: string;
  names: readonly string[];
  shapes: Record<string, Shape>;
  values: Values;
  etag: string | undefined;
}

/** A card with a Save of its own; only what was changed in it is sent. */
function Section({ title, names, shapes, values, etag }: SectionProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [edits, setEdits] = useState<Values>({});
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => patch<Values>('/settings', edits, etag),
    onSuccess: () => {
      setEdits({});
      tell(t('Saved'));
      void client.invalidateQueries();
    },
  });
  const errors = fieldErrors(error);
  return (
    <Paper withBorder p="md" component="section" aria-label={t(title)}>
      <Stack>
        <Title order={2} size="h4">
          {t(title)}
        </Title>
        {names.map((name) => (
          <Field
            key={name}
            name={name}
            shape={shapes[name] ?? {}}
            value={edits[name] ?? values[name]}
            error={errors[name]}
            onChange={(value) => {
              const { [name]: _before, ...others } = edits;
              setEdits(value === values[name] ? others : { ...others, [name]: value });
            }}
          />
        ))}
        <FormProblem error={error} />
        <Group>
          <Button disabled={Object.keys(edits).length === 0} loading={isPending} onClick={() => mutate()}>
            {t('Save')}
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}

const presets = ['default', 'contact-center', 'service-portal', 'marketing', 'records', 'growth'];

function Preset() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [ask, dialog] = useAsk();
  const [preset, setPreset] = useState('');
  return (
    <Group align="flex-end">
      <NativeSelect
        label={t('Preset')}
        description={t('All settings as one kind of product has them')}
        value={preset}
        onChange={({ currentTarget }) => setPreset(currentTarget.value)}
        data={[{ value: '', label: t('Choose') }, ...presets]}
      />
      <Button
        variant="default"
        disabled={preset === ''}
        onClick={() =>
          ask({
            title: t('Use the preset {{preset}}?', { preset }),
            text: t('All settings are set to its values, and its built-in roles replace those of now.'),
            button: t('Yes'),
            act: async () => {
              await post('/settings/preset', { preset });
              await client.invalidateQueries();
              tell(t('Saved'));
            },
          })
        }
      >
        {t('Use it')}
      </Button>
      {dialog}
    </Group>
  );
}

export default function Settings() {
  const { t } = useTranslation();
  const { data, error } = useQuery({
    queryKey: ['/settings'],
    queryFn: () => call<Values>('GET', '/settings'),
  });
  const { data: description } = useQuery({
    queryKey: ['openapi'],
    queryFn: async () => (await (await fetch('/openapi.json')).json()) as ApiDescription,
    staleTime: Infinity,
  });
  if (error) return <ProblemView error={error} />;
  if (!data || !description) return null;
  const names = Object.keys(data.data);
  return (
    <Page title={t('Settings')} lead={t('How this tenant signs people in, and what they may do themselves.')}>
      <Preset />
      <Stack maw={720}>
        {sections.map(({ title, areas }) => (
          <Section
            key={title}
            title={title}
            names={names.filter((name) => areas.includes(name.split('.')[0] ?? ''))}
            shapes={description.components.schemas.Settings.properties}
            values={data.data}
            etag={data.etag}
          />
        ))}
        <Text size="sm" c="dimmed">
          {t('What is set in the environment is not shown here.')}
        </Text>
      </Stack>
    </Page>
  );
}
