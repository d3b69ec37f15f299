import { Anchor, Button, Checkbox, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { patch, post, remove } from '../api.js';
import { useWho } from '../session.js';
import { time } from '../text/format.js';
import type { Attribute } from '../directory-types.js';
import { useAsk } from '../ui/Ask.js';
import { DataTable, type Column } from '../ui/DataTable.js';
import { Empty } from '../ui/Empty.js';
import { FormModal } from '../ui/FormModal.js';
import { Page } from '../ui/Page.js';
import { tell } from '../ui/Problems.js';
import { useQueryClient } from '@tanstack/react-query';

const types = ['string', 'boolean', 'integer', 'decimal', 'dateTime', 'reference'];
const blank = {
  name: '',
  type: 'string',
  description: '',
  multiValued: false,
  required: false,
  unique: false,
};

/** What an attribute is; of one that stands only its description and whether it is required change. */
function AttributeForm({ attribute, onClose }: { attribute: Attribute | undefined; onClose: () => void }) {
  const { t } = useTranslation();
  const [form, setForm] = useState(attribute ?? blank);
  const { required, description } = form;
  const { name, type, multiValued, unique } = form;
  const box = (key: 'multiValued' | 'required' | 'unique', label: string, isFixed: boolean) => (
    <Checkbox
      label={label}
      checked={form[key]}
      disabled={isFixed}
      onChange={({ currentTarget }) => setForm({ ...form, [key]: currentTarget.checked })}
    />
  );
  const isOld = attribute !== undefined;
  return (
    <FormModal
      title={isOld ? attribute.name : t('New attribute')}
      button={t('Save')}
      opened
      onClose={onClose}
      send={() =>
        isOld
          ? patch(`/attributes/${attribute.id}`, { required, description })
          : post('/attributes', { name: name.trim(), type, multiValued, required, unique, description })
      }
    >
      {(errors) => (
        <>
          <TextInput
            label={t('Name')}
            description={t('Its name in SCIM and in the API: costCenter')}
            required
            disabled={isOld}
            value={name}
            error={errors.name}
            onChange={({ currentTarget }) => setForm({ ...form, name: currentTarget.value })}
          />
          <NativeSelect
            label={t('Type')}
            disabled={isOld}
            data={types}
            value={type}
            onChange={({ currentTarget }) => setForm({ ...form, type: currentTarget.value })}
          />
          <TextInput
            label={t('Description')}
            value={description}
            error={errors.description}
            onChange={({ currentTarget }) => setForm({ ...form, description: currentTarget.value })}
          />
          <Stack gap="xs">
            {box('multiValued', t('Several values'), isOld)}
            {box('required', t('A new user needs a value'), false)}
            {box('unique', t('No two users have the same value'), isOld)}
          </Stack>
        </>
      )}
    </FormModal>
  );
}

export default function Attributes() {
  const { t } = useTranslation();
  const { may } = useWho();
  const client = useQueryClient();
  const [ask, dialog] = useAsk();
  const [opened, setOpened] = useState<{ attribute?: Attribute }>();
  const canEdit = may('account.settings');
  const yes = (value: boolean) => (value ? t('Yes') : '–');
  const deletion = ({ id, name }: Attribute) => ({
    title: t('Delete {{what}}?', { what: name }),
    text: t('Its values are deleted too. Refused while a role rule or a claim names it.'),
    button: t('Delete'),
    isDangerous: true,
    act: async () => {
      await remove(`/attributes/${id}`);
      tell(t('{{who}} is deleted', { who: name }));
      await client.invalidateQueries();
    },
  });
  const columns: Column<Attribute>[] = [
    {
      key: 'name',
      header: t('Name'),
      sort: 'name',
      cell: (attribute) =>
        canEdit ? (
          <Anchor component="button" type="button" onClick={() => setOpened({ attribute })}>
            {attribute.name}
          </Anchor>
        ) : (
          attribute.name
        ),
    },
    { key: 'type', header: t('Type'), cell: ({ type }) => <span className="code">{type}</span> },
    { key: 'multi', header: t('Several values'), cell: ({ multiValued }) => yes(multiValued) },
    { key: 'required', header: t('Required'), cell: ({ required }) => yes(required) },
    { key: 'unique', header: t('Unique'), cell: ({ unique }) => yes(unique) },
    { key: 'description', header: t('Description'), cell: ({ description }) => description || '–' },
    {
      key: 'created',
      header: t('Created'),
      sort: 'createdAt',
      isHidden: true,
      cell: ({ createdAt }) => time(createdAt),
    },
    {
      key: 'actions',
      header: t('Actions'),
      cell: (attribute) =>
        canEdit && (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={t('Delete {{what}}', { what: attribute.name })}
            onClick={() => ask(deletion(attribute))}
          >
            {t('Delete')}
          </Button>
        ),
    },
  ];
  const button = canEdit ? <Button onClick={() => setOpened({})}>{t('New attribute')}</Button> : undefined;
  return (
    <Page
      title={t('Attributes')}
      lead={t(
        'What you keep of people beyond the usual. At once in SCIM schemas, users, filters, rules, claims and exports.',
      )}
      actions={button}
    >
      <DataTable<Attribute>
        name="attributes"
        path="/attributes"
        caption={t('Attributes')}
        columns={columns}
        searchLabel={t('Search attributes')}
        empty={
          <Empty text={t('No attributes of your own yet: a cost centre, a badge number.')} action={button} />
        }
      />
      {dialog}
      {opened && <AttributeForm attribute={opened.attribute} onClose={() => setOpened(undefined)} />}
    </Page>
  );
}
