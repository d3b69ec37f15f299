import { Alert, Button, Group, NativeSelect, Text, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { call, patch, read, type Listed } from '../api.js';
import { useRoles, useWho } from '../session.js';
import type { Application, Permission, Plan, Role, User } from '../types.js';
import { ImpactLines } from '../ui/Impact.js';
import { Page } from '../ui/Page.js';
import { tell } from '../ui/Problems.js';
import { useChoices } from '../ui/use-choices.js';
import { useAsk } from '../ui/Ask.js';
import { DeleteRole } from './DeleteRole.js';
import { NewRole } from './NewRole.js';
import { RoleMatrix } from './RoleMatrix.js';

/** How many people have a role. */
const countHolders = async (role: string): Promise<number> =>
  (await read<Listed<User>>('/users', { role, limit: 1, showDisabled: true, showNonActivated: true })).total;

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
      <Text role="status" fw={600} size="sm">
        {`${changed.map(({ name }) => name).join(', ')}: ${impact}`}
      </Text>
      <Button
        onClick={() =>
          ask({
            title: t('Save the roles?'),
            text: (
              <>
                {`${changed.map(({ name }) => name).join(', ')}: ${impact}`}
                <RolePlans roles={changed} edits={edits} />
              </>
            ),
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

/** What the roles would give and take once they are saved, in sentences. */
function RolePlans({
  roles,
  edits,
}: {
  roles: readonly Role[];
  edits: ReadonlyMap<string, readonly string[]>;
}) {
  const { t } = useTranslation();
  const { data } = useQuery({
    queryKey: ['/roles', 'plan', [...edits]],
    queryFn: () =>
      Promise.all(
        roles.map(async ({ id }) => {
          const options = { body: { permissions: edits.get(id) }, query: { dryRun: true } };
          return (await call<Plan>('PATCH', `/roles/${id}`, options)).data;
        }),
      ),
    gcTime: 0,
  });
  const plans = data ?? [];
  const isNothing = plans.every(({ changes, later }) => changes.length + later.length === 0);
  return (
    <>
      {plans.map((plan) => (
        <ImpactLines key={plan.plan} plan={plan} />
      ))}
      {data && isNothing && <Text size="sm">{t('Nothing changes for anyone now.')}</Text>}
    </>
  );
}

/** A permission that none of the application's roles has yet: it gets a row, to be ticked. */
function NewPermission({ known, onAdd }: { known: readonly string[]; onAdd: (key: string) => void }) {
  const { t } = useTranslation();
  const [key, setKey] = useState('');
  const isOdd = key !== '' && !/^[a-z0-9_]+([.:][a-z0-9_]+)*$/i.test(key);
  const isKnown = known.includes(key);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (key === '' || isOdd || isKnown) return;
        onAdd(key);
        setKey('');
      }}
    >
      <Group align="flex-start" gap="sm">
        <TextInput
          aria-label={t('New permission')}
          placeholder="calls.export"
          value={key}
          error={isOdd ? t('Letters, digits, dots: calls.export') : isKnown && t('It is there already.')}
          onChange={({ currentTarget }) => setKey(currentTarget.value.trim())}
        />
        <Button type="submit" variant="default">
          {t('Add permission')}
        </Button>
        <Text size="sm" c="dimmed" pt={6}>
          {t('It is there once a role has it: add it, tick a role, save.')}
        </Text>
      </Group>
    </form>
  );
}

/** The permissions of the console, or those that an application's roles name. */
function usePermissions(application: string, roles: readonly Role[], added: readonly string[]) {
  const { data } = useQuery({
    queryKey: ['/permissions'],
    queryFn: () => read<Listed<Permission>>('/permissions', { limit: 1000 }),
  });
  if (application === '') return (data?.items ?? []).filter(({ staffOnly }) => !staffOnly);
  const named = new Set([...roles.flatMap(({ permissions }) => permissions), ...added]);
  return [...named].sort().map((key) => ({ key, label: key }));
}

/** The tenant's roles, or those of the application that the address names: `?of=crm`. */
function useScope() {
  const { may } = useWho();
  const [params, setParams] = useSearchParams();
  const applications = useChoices<Application>('/applications', may('applications.manage'));
  const scope = params.get('of') ?? '';
  const application = applications.find(({ key }) => key === scope);
  return {
    scope,
    applications,
    isForeign: application?.owner === 'server',
    setScope: (of: string) => setParams(of === '' ? {} : { of }),
  };
}

export default function Roles() {
  const { t } = useTranslation();
  const { may } = useWho();
  const { roles } = useRoles();
  const { scope, setScope, applications, isForeign } = useScope();
  const [edits, setEdits] = useState<ReadonlyMap<string, readonly string[]>>(new Map());
  const [added, setAdded] = useState<readonly string[]>([]);
  const [copied, setCopied] = useState<string>();
  const [doomed, setDoomed] = useState<Role>();
  const shown = roles.filter(({ application }) => (application ?? '') === scope);
  const permissions = usePermissions(scope, shown, added);
  const canMake = may('roles.manage') && !isForeign;
  const discard = () => {
    setEdits(new Map());
    setAdded([]);
  };
  return (
    <Page
      title={t('Roles')}
      lead={t('What each role may do. Give people the role with the least that they need.')}
      actions={canMake ? <Button onClick={() => setCopied('')}>{t('New role')}</Button> : undefined}
    >
      <NativeSelect
        label={t('Roles of')}
        maw={320}
        value={scope}
        onChange={({ currentTarget }) => {
          discard();
          setScope(currentTarget.value);
        }}
        data={[
          { value: '', label: t('This console') },
          ...applications.map(({ key, name }) => ({ value: key, label: name })),
        ]}
      />
      {isForeign && <Alert>{t('The operator of the server owns it: its roles are changed there.')}</Alert>}
      {scope !== '' && may('roles.edit') && !isForeign && (
        <NewPermission known={permissions.map(({ key }) => key)} onAdd={(key) => setAdded([...added, key])} />
      )}
      <Unsaved roles={shown} edits={edits} onDone={discard} />
      {shown.length === 0 && <Text c="dimmed">{t('No roles yet.')}</Text>}
      <RoleMatrix
        roles={shown}
        permissions={permissions}
        edits={edits}
        canEdit={(may('roles.manage') || may('roles.edit')) && !isForeign}
        canCount={may('users.read')}
        onEdit={(role, held) => setEdits(new Map([...edits, [role.id, held]]))}
        onCopy={canMake ? (role) => setCopied(role.id) : undefined}
        onDelete={canMake ? setDoomed : undefined}
      />
      {doomed && (
        <DeleteRole
          role={doomed}
          others={shown.filter(({ id }) => id !== doomed.id)}
          onClose={() => setDoomed(undefined)}
        />
      )}
      <NewRole
        key={copied ?? 'closed'}
        copied={copied ?? ''}
        opened={copied !== undefined}
        onClose={() => setCopied(undefined)}
        roles={shown}
        scope={scope}
      />
    </Page>
  );
}
