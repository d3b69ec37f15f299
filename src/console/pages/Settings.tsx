import { Alert, Anchor, Button, Group, Paper, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call } from '../api.js';
import { keyOf } from '../text/key-of.js';
import { SearchIcon } from '../ui/icons.js';
import { Page } from '../ui/Page.js';
import { FormProblem, fieldErrors, ProblemView } from '../ui/Problems.js';
import { useSave } from '../ui/use-save.js';
import { PresetChoice } from './PresetChoice.js';
import { sections, type SettingText } from './setting-texts.js';
import { SettingField, type Value, type Values } from './SettingField.js';

const strengths: Readonly<Record<string, readonly string[]>> = {
  'twoFactor.mode': ['off', 'optional', 'required'],
  'lockout.countMode': ['window', 'cumulative'],
};
/** Settings that protect less when they are off. */
const shields = [
  'approval.required',
  'sessions.revokeOnDisable',
  'access.endSessionsAtExpiry',
  'mails.securityNotices',
];
/** Numbers that protect less when they grow, or are 0 for no limit. */
const limits = ['sessions.idleSeconds', 'sessions.absoluteSeconds', 'sessions.stepUpSeconds'];

/** Whether a new value protects accounts less than the one before. */
function isWeaker(name: string, before: Value | undefined, after: Value): boolean {
  const order = strengths[name];
  if (order) return order.indexOf(String(after)) < order.indexOf(String(before));
  if (shields.includes(name)) return before === true && after === false;
  const [from, to] = [Number(before), Number(after)];
  if (limits.includes(name)) return from !== 0 && (to === 0 || to > from);
  if (name === 'lockout.threshold') return to > from;
  return (name === 'password.minLength' || name === 'lockout.lockSeconds') && to < from;
}

interface SectionProps {
  title: string;
  lead: string;
  settings: Readonly<Record<string, SettingText>>;
  values: Values;
  etag: string | undefined;
}

/** A card with a Save of its own; only what was changed in it is sent. */
function Section({ title, lead, settings, values, etag }: SectionProps) {
  const { t } = useTranslation();
  const [edits, setEdits] = useState<Values>({});
  const { mutate, isPending, error } = useSave('/settings', etag);
  const errors = fieldErrors(error);
  const weaker = Object.entries(edits).filter(([name, value]) => isWeaker(name, values[name], value));
  return (
    <Paper withBorder p="lg" component="section" aria-label={t(title)} id={keyOf(title, '-')}>
      <Stack gap="lg">
        <div>
          <Title order={2} size="h4">
            {t(title)}
          </Title>
          <Text size="sm" c="dimmed">
            {t(lead)}
          </Text>
        </div>
        {Object.keys(settings).map((name) => (
          <SettingField
            key={name}
            name={name}
            value={edits[name] ?? values[name] ?? ''}
            error={errors[name]}
            onChange={(value) => {
              const { [name]: _before, ...others } = edits;
              const isSame = JSON.stringify(value) === JSON.stringify(values[name]);
              setEdits(isSame ? others : { ...others, [name]: value });
            }}
          />
        ))}
        {weaker.length > 0 && (
          <Alert color="yellow" role="status">
            {t('Accounts are protected less: {{settings}}', {
              settings: weaker.map(([name]) => t(settings[name]?.label ?? name)).join(', '),
            })}
          </Alert>
        )}
        <FormProblem error={error} />
        <Group>
          <Button
            disabled={Object.keys(edits).length === 0}
            loading={isPending}
            onClick={() => mutate(edits, { onSuccess: () => setEdits({}) })}
          >
            {t('Save')}
          </Button>
          {Object.keys(edits).length > 0 && (
            <Button variant="default" onClick={() => setEdits({})}>
              {t('Discard')}
            </Button>
          )}
        </Group>
      </Stack>
    </Paper>
  );
}

/** The sections with the settings that hold a text in name, label or help. */
function useFound(text: string, values: Values) {
  const { t } = useTranslation();
  const wanted = text.trim().toLowerCase();
  return sections
    .map((section) => {
      const found = Object.entries(section.settings).filter(
        ([name, { label, help }]) =>
          name in values &&
          [name, t(label), t(help ?? ''), t(section.title)].join(' ').toLowerCase().includes(wanted),
      );
      return { ...section, settings: Object.fromEntries(found) };
    })
    .filter(({ settings }) => Object.keys(settings).length > 0);
}

function Sections({ values, etag }: { values: Values; etag: string | undefined }) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const found = useFound(text, values);
  return (
    <>
      <Group justify="space-between" align="flex-end">
        <TextInput
          type="search"
          data-search
          w={320}
          maw="100%"
          aria-label={t('Search settings')}
          placeholder={t('Search settings')}
          leftSection={<SearchIcon size={16} />}
          value={text}
          onChange={({ currentTarget }) => setText(currentTarget.value)}
        />
        <PresetChoice settings={values} />
      </Group>
      <div className="beside">
        <nav aria-label={t('Parts of this page')}>
          {found.map(({ title }) => (
            <Anchor key={title} href={`#${keyOf(title, '-')}`} c="dimmed" size="sm">
              {t(title)}
            </Anchor>
          ))}
        </nav>
        <Stack maw={720} gap="lg">
          {found.length === 0 && <Text role="status">{t('No setting matches.')}</Text>}
          {found.map((section) => (
            <Section key={section.title} {...section} values={values} etag={etag} />
          ))}
          <Text size="sm" c="dimmed">
            {t('What is set in the environment is not shown here.')}
          </Text>
        </Stack>
      </div>
    </>
  );
}

export default function Settings() {
  const { t } = useTranslation();
  const { data, error } = useQuery({
    queryKey: ['/settings'],
    queryFn: () => call<Values>('GET', '/settings'),
  });
  if (error) return <ProblemView error={error} />;
  if (!data) return null;
  return (
    <Page title={t('Settings')} lead={t('How this tenant signs people in, and what they may do themselves.')}>
      <Sections values={data.data} etag={data.etag} />
    </Page>
  );
}
