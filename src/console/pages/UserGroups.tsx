import { Checkbox, Fieldset, Stack, Switch, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { patch, post, remove } from '../api.js';
import { useWho } from '../session.js';
import type { Group, User } from '../types.js';
import type { PartProps, UserForm } from './EditUser.js';

const isAdministrator = (user: User, form: UserForm, group: Group): boolean =>
  form.groups.includes(group.id) &&
  (form.administers[group.id] ?? group.administrators.some(({ id }) => id === user.id));

/** Brings a person into groups and out of them, and makes them administrator there or not. */
export async function saveGroups(user: User, form: UserForm, groups: readonly Group[]): Promise<void> {
  const before = new Set(user.groups.map(({ id }) => id));
  for (const group of groups) {
    const path = `/groups/${group.id}`;
    const isMember = form.groups.includes(group.id);
    if (isMember && !before.has(group.id)) await post(`${path}/members`, { members: [user.id] });
    const others = group.administrators.map(({ id }) => id).filter((id) => id !== user.id);
    const was = others.length < group.administrators.length;
    const is = isAdministrator(user, form, group);
    if (was !== is) await patch(path, { administrators: is ? [...others, user.id] : others });
    if (!isMember && before.has(group.id)) await remove(`${path}/members/${user.id}`);
  }
}

/** The groups the person is in, and which of them they administer. */
export function UserGroups({ user, form, set, groups }: PartProps & { groups: readonly Group[] }) {
  const { t } = useTranslation();
  const { may } = useWho();
  const canEdit = may('groups.manage');
  if (groups.length === 0) return null;
  const administer = (group: Group, isOne: boolean) =>
    set({ administers: { ...form.administers, [group.id]: isOne } });
  return (
    <Fieldset legend={t('Groups')}>
      <Checkbox.Group value={form.groups} onChange={(next) => set({ groups: next })}>
        <Stack gap="xs">
          {groups.map((group) => (
            <div key={group.id}>
              <Checkbox
                value={group.id}
                label={group.displayName}
                description={
                  group.directory && t('Managed by {{directory}}', { directory: group.directory.name })
                }
                disabled={!canEdit || group.directory !== null}
              />
              {form.groups.includes(group.id) && (
                <Switch
                  size="xs"
                  mt={6}
                  ms={32}
                  label={t('Group administrator')}
                  aria-label={t('Group administrator of {{group}}', { group: group.displayName })}
                  checked={isAdministrator(user, form, group)}
                  disabled={!canEdit}
                  onChange={({ currentTarget }) => administer(group, currentTarget.checked)}
                />
              )}
            </div>
          ))}
        </Stack>
      </Checkbox.Group>
      {groups.length >= 200 && (
        <Text size="xs" c="dimmed">
          {t('Only the first 200 groups are shown.')}
        </Text>
      )}
    </Fieldset>
  );
}
