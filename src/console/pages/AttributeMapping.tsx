import {
  Alert,
  Autocomplete,
  Button,
  Fieldset,
  Group,
  MultiSelect,
  NativeSelect,
  Paper,
  SimpleGrid,
  Stack,
  TagsInput,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { post } from '../api.js';
import type { MappedAttribute } from '../directory-types.js';
import { asSentence } from '../text/server.js';
import type { Change, Directory } from '../types.js';
import { Changes } from '../ui/Changes.js';
import { FormProblem } from '../ui/Problems.js';
import { useChoices } from '../ui/use-choices.js';
import { useSave } from '../ui/use-save.js';
import { UserPicker } from './GroupPage.js';

interface Preview {
  sample: { source: 'given' | 'request' | 'user'; id: string | null };
  changes: Change[];
  unknownNames: string[];
  error: string | null;
}

const transforms = ['lower', 'upper', 'trim', 'first', 'join'];
const core = [
  'userName',
  'displayName',
  'name.givenName',
  'name.familyName',
  'title',
  'userType',
  'emails[type eq "work"].value',
  'phoneNumbers[type eq "work"].value',
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department',
];
const ownSchema = 'urn:gatehouse:params:scim:schemas:extension:tenant:2.0:User';

type Kind = 'from' | 'value' | 'ignore';
const kindOf = (row: MappedAttribute): Kind =>
  row.ignore === true ? 'ignore' : row.value === undefined ? 'from' : 'value';

/** The row with another way to fill the attribute. */
function withKind({ to }: MappedAttribute, kind: Kind): MappedAttribute {
  if (kind === 'ignore') return { to, ignore: true };
  return kind === 'value' ? { to, value: '' } : { to, from: [] };
}

interface RowProps {
  row: MappedAttribute;
  number: number;
  targets: readonly string[];
  sources: readonly string[];
  onChange: (row: MappedAttribute) => void;
  onRemove: () => void;
}

function MappingRow({ row, number, targets, sources, onChange, onRemove }: RowProps) {
  const { t } = useTranslation();
  const kind = kindOf(row);
  const { default: first, ...rest } = row;
  return (
    <Fieldset legend={t('Attribute {{n}}', { n: number })}>
      <Stack gap="sm">
        <Group align="flex-end">
          <Autocomplete
            label={t('Fills')}
            miw="min(100%, 18rem)"
            data={[...targets]}
            value={row.to}
            onChange={(to) => onChange({ ...row, to })}
          />
          <NativeSelect
            label={t('With')}
            value={kind}
            onChange={({ currentTarget }) => onChange(withKind(row, currentTarget.value as Kind))}
            data={[
              { value: 'from', label: t('what is sent') },
              { value: 'value', label: t('a fixed value') },
              { value: 'ignore', label: t('nothing: it stays as it is') },
            ]}
          />
          <Button
            variant="default"
            onClick={onRemove}
            aria-label={t('Remove attribute {{n}}', { n: number })}
          >
            {t('Remove')}
          </Button>
        </Group>
        {kind === 'value' && (
          <TextInput
            label={t('Value')}
            value={String(row.value ?? '')}
            onChange={({ currentTarget }) => onChange({ ...row, value: currentTarget.value })}
          />
        )}
        {kind === 'from' && (
          <SimpleGrid cols={{ base: 1, xs: 3 }}>
            <TagsInput
              label={t('From')}
              data={[...sources]}
              value={row.from ?? []}
              onChange={(from) => onChange({ ...row, from })}
            />
            <MultiSelect
              label={t('Then')}
              data={transforms}
              value={row.transform ?? []}
              onChange={(transform) => onChange({ ...row, transform })}
            />
            <TextInput
              label={t('If nothing is sent')}
              value={String(first ?? '')}
              onChange={({ currentTarget: { value } }) =>
                onChange(value === '' ? rest : { ...rest, default: value })
              }
            />
          </SimpleGrid>
        )}
      </Stack>
    </Fieldset>
  );
}

/** What the mapping makes of the newest user that was sent, or of a chosen one. */
function TryOut({ directory, mapping }: { directory: Directory; mapping: MappedAttribute[] }) {
  const { t } = useTranslation();
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: (userId: string | undefined) =>
      post<Preview>(`/directories/${directory.id}/mapping/preview`, { attributeMapping: mapping, userId }),
  });
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="mapping-preview">
      <Stack gap="sm">
        <Title order={2} size="h4" id="mapping-preview">
          {t('Preview')}
        </Title>
        <Text size="sm" c="dimmed">
          {t('What the mapping above makes of a person, saved or not. Nothing is written.')}
        </Text>
        <Group align="flex-end">
          <UserPicker label={t('User')} onPick={mutate} />
          <Button variant="default" loading={isPending} onClick={() => mutate(undefined)}>
            {t('The newest that was sent')}
          </Button>
        </Group>
        <FormProblem error={error} />
        {data && (
          <div role="status">
            {data.error !== null && (
              <Alert color="red" title={t('A push of this user would be refused')}>
                {asSentence(data.error)}
              </Alert>
            )}
            <Changes changes={data.changes} />
            {data.unknownNames.length > 0 && (
              <Text size="sm" mt="xs">
                {t('Sent, and in no schema: {{names}}', { names: data.unknownNames.join(', ') })}
              </Text>
            )}
          </div>
        )}
      </Stack>
    </Paper>
  );
}

/** Which attribute is filled with what, of people this directory sends. */
export function AttributeMapping({ directory, etag }: { directory: Directory; etag: string | undefined }) {
  const { t } = useTranslation();
  const [rows, setRows] = useState<MappedAttribute[]>(directory.attributeMapping);
  const own = useChoices<{ name: string }>('/attributes').map(({ name }) => `${ownSchema}:${name}`);
  const { mutate, isPending, error } = useSave(`/directories/${directory.id}`, etag);
  const isChanged = JSON.stringify(rows) !== JSON.stringify(directory.attributeMapping);
  return (
    <Stack maw={960}>
      <Text size="sm" c="dimmed">
        {t(
          'For a provider that sends an attribute under another name, or not as you want it. No row may read what another one fills.',
        )}
      </Text>
      {rows.length === 0 && <Text c="dimmed">{t('Users are taken as they are sent.')}</Text>}
      {rows.map((row, index) => (
        <MappingRow
          key={index}
          row={row}
          number={index + 1}
          targets={[...core.slice(1), ...own]}
          sources={[...core, ...own]}
          onChange={(next) => setRows(rows.map((each, at) => (at === index ? next : each)))}
          onRemove={() => setRows(rows.filter((_, at) => at !== index))}
        />
      ))}
      <FormProblem error={error} />
      <Group>
        <Button variant="default" onClick={() => setRows([...rows, { to: '', from: [] }])}>
          {t('Add attribute')}
        </Button>
        <Button disabled={!isChanged} loading={isPending} onClick={() => mutate({ attributeMapping: rows })}>
          {t('Save')}
        </Button>
      </Group>
      <TryOut directory={directory} mapping={rows} />
    </Stack>
  );
}
