import { Button, Checkbox, Group, NativeSelect, Table, Text, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { patch, post, read, remove, type Listed } from '../api.js';
import { keyOf } from '../text/key-of.js';
import { useRoles, useWho } from '../session.js';
import type { Application, Permission, Role, User } from '../types.js';
import { useAsk } from '../ui/Ask.js';
import { FormModal } from '../ui/FormModal.js';
import { Page } from '../ui/Page.js';
import { tell } from '../ui/Problems.js';
import { useChoices } from '../ui/use-choices.js';

/** How many people have a role. */
const countHolders = async (role: string): Promise<number> =>
  (await read<Listed<User>>('/users', { role, limit: 1, showDisabled: true, showNonActivated: true })).total;

interface NewRoleProps {
  opened: boolean;
  onClose: () => void;
  roles: readonly Role[];
  scope: string;
}

function NewRole({ opened, onClose, roles, scope }: NewRoleProps) {
  const { t } = useTranslation();
  const blank = { name: '', key: '', from: '' };
  const [form, setForm] = useState(blank);
  const source = roles.find(({ id }) => id === form.from);
  const key = form.key || keyOf(form.name, '_');
  return (
    <FormModal
      title={t('New role')}
      button={t('Create')}
      opened={opened}
      onClose={() => {
        setForm(blank);
        onClose();
      }}
      send={() =>
        post<Role>('/roles', {
          key,
          name: form.name.trim(),
          ...(scope !== '' && { application: scope }),
          permissions: source?.permissions ?? [],
        })
      }
    >
      {(errors) => (
        <>
          <TextInput
            label={t('Name')}
            required
            value={form.name}
            error={errors.name}
            onChange={({ currentTarget }) => setForm({ ...form, name: currentTarget.value })}
          />
          <TextInput
            label={t('Key')}
            description={t('How tokens, rules and the API name it')}
            value={key}
            error={errors.key}
            onChange={({ currentTarget }) => setForm({ ...form, key: currentTarget.value })}
          />
          <NativeSelect
            label={t('Copy of')}
            value={form.from}
            onChange={({ currentTarget }) => setForm({ ...form, from: currentTarget.value })}
            data={[
              { value: '', label: t('Nothing') },
              ...roles.map(({ id, name }) => ({ value: id, label: name })),
            ]}
          />
        </>
      )}
    </FormModal>
  );
}

interface MatrixProps {
  roles: readonly Role[];
  permissions: readonly Pick<Permission, 'key' | 'label'>[];
  edits: ReadonlyMap<string, readonly string[]>;
  onEdit: (role: Role, permissions: string[]) => void;
  canEdit: boolean;
}

/** Permissions down, roles across; built-in roles can be copied, not edited. */
function Matrix({ roles, permissions, edits, onEdit, canEdit }: MatrixProps) {
  const { t } = useTranslation();
  return (
    <div className="scroll" role="region" aria-label={t('Roles and permissions')} tabIndex={0}>
      <Table stickyHeader highlightOnHover withColumnBorders>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('Permission')}</Table.Th>
            {roles.map(({ id, name, builtIn }) => (
              <Table.Th key={id} scope="col">
                {name}
                {builtIn && (
                  <Text size="xs" c="dimmed">
                    {t('Built-in')}
                  </Text>
                )}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {permissions.map(({ key, label }) => (
            <Table.Tr key={key}>
              <Table.Th scope="row">
                {label}
                <Text size="xs" c="dimmed" className="code">
                  {key}
                </Text>
              </Table.Th>
              {roles.map((role) => {
                const held = edits.get(role.id) ?? role.permissions;
                return (
                  <Table.Td key={role.id}>
                    <Checkbox
                      aria-label={t('{{role}} may {{permission}}', {
                        role: role.name,
                        permission: label.charAt(0).toLowerCase() + label.slice(1),
                      })}
                      checked={held.includes(key)}
                      disabled={role.builtIn || !canEdit}
                      onChange={({ currentTarget }) =>
                        onEdit(
                          role,
                          currentTarget.checked ? [...held, key] : held.filter((each) => each !== key),
                        )
                      }
                    />
                  </Table.Td>
                );
              })}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

/** What is edited and not saved yet, with how many people it concerns. */
function Unsaved({
  roles,
  edits,
  onDone,
}: {
  roles: readonly Role[];
  edits: ReadonlyMap<string, readonly string[]>;
  onDone: () => void;
}) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [ask, dialog] = useAsk();
  const changed = roles.filter(({ id }) => edits.has(id));
  const { data: users } = useQuery({
    queryKey: ['holders', changed.map(({ role }) => role)],
    queryFn: async () =>
      (await Promise.all(changed.map(({ role }) => countHolders(role)))).reduce(
        (sum, count) => sum + count,
        0,
      ),
    enabled: changed.length > 0,
  });
  if (changed.length === 0) return dialog;
  async function save() {
    for (const role of changed) await patch(`/roles/${role.id}`, { permissions: edits.get(role.id) });
    tell(t('Saved'));
    onDone();
    await client.invalidateQueries();
  }
  const impact = t('affects {{count}} users', { count: users ?? 0 });
  return (
    <Group>
      <Text role="status" fw={600}>
        {`${changed.map(({ name }) => name).join(', ')}: ${impact}`}
      </Text>
      <Button
        onClick={() =>
          ask({
            title: t('Save the roles?'),
            text: `${changed.map(({ name }) => name).join(', ')}: ${impact}`,
            button: t('Save'),
            act: save,
          })
        }
      >
        {t('Save')}
      </Button>
      <Button variant="default" onClick={onDone}>
        {t('Discard')}
      </Button>
      {dialog}
    </Group>
  );
}

function DeleteRole({ roles }: { roles: readonly Role[] }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [ask, dialog] = useAsk();
  const own = roles.filter(({ builtIn, application }) => !builtIn && application === null);
  async function askFor(role: Role) {
    const count = await countHolders(role.role);
    ask({
      title: t('Delete {{what}}?', { what: role.name }),
      text: t('{{count}} users lose it.', { count }),
      button: t('Delete'),
      isDangerous: true,
      act: async () => {
        await remove(`/roles/${role.id}`);
        await client.invalidateQueries();
      },
    });
  }
  return (
    <Group gap="xs">
      {own.map((role) => (
        <Button key={role.id} size="compact-sm" variant="default" onClick={() => void askFor(role)}>
          {t('Delete {{what}}', { what: role.name })}
        </Button>
      ))}
      {dialog}
    </Group>
  );
}

export default function Roles() {
  const { t } = useTranslation();
  const { may } = useWho();
  const { roles } = useRoles();
  const [scope, setScope] = useState('');
  const [edits, setEdits] = useState<ReadonlyMap<string, readonly string[]>>(new Map());
  const [opened, setOpened] = useState(false);
  const { data: catalogue } = useQuery({
    queryKey: ['/permissions'],
    queryFn: () => read<Listed<Permission>>('/permissions', { limit: 1000 }),
  });
  const applications = useChoices<Application>('/applications', may('applications.manage'));
  const shown = roles.filter(({ application }) => (application ?? '') === scope);
  const named = [...new Set(shown.flatMap(({ permissions }) => permissions))]
    .sort()
    .map((key) => ({ key, label: key }));
  const permissions = scope === '' ? (catalogue?.items ?? []).filter(({ staffOnly }) => !staffOnly) : named;
  return (
    <Page
      title={t('Roles')}
      lead={t('What each role may do. Give people the role with the least that they need.')}
      actions={
        may('roles.manage') ? <Button onClick={() => setOpened(true)}>{t('New role')}</Button> : undefined
      }
    >
      <NativeSelect
        label={t('Roles of')}
        maw={320}
        value={scope}
        onChange={({ currentTarget }) => setScope(currentTarget.value)}
        data={[
          { value: '', label: t('This console') },
          ...applications.map(({ key, name }) => ({ value: key, label: name })),
        ]}
      />
      <Unsaved roles={shown} edits={edits} onDone={() => setEdits(new Map())} />
      <Matrix
        roles={shown}
        permissions={permissions}
        edits={edits}
        canEdit={may('roles.manage') || may('roles.edit')}
        onEdit={(role, held) => setEdits(new Map([...edits, [role.id, held]]))}
      />
      {may('roles.manage') && <DeleteRole roles={shown} />}
      <NewRole opened={opened} onClose={() => setOpened(false)} roles={shown} scope={scope} />
    </Page>
  );
}
