import { ActionIcon, Anchor, Checkbox, Menu, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { read, searchOf } from '../api.js';
import { said } from '../text/server.js';
import type { Permission, Role } from '../types.js';
import { MoreIcon } from '../ui/icons.js';

interface Facets {
  facets: { name: string; values: { value: string; count: number }[] }[];
}

/** How many people have each role, by its full key. */
function useHolders(enabled: boolean): ReadonlyMap<string, number> {
  const { data } = useQuery({
    queryKey: ['/users/facets', 'role'],
    queryFn: () =>
      read<Facets>('/users/facets', { facets: 'role', showDisabled: true, showNonActivated: true }),
    enabled,
  });
  return new Map(data?.facets[0]?.values.map(({ value, count }) => [value, count]));
}

interface HeadProps {
  role: Role;
  holders: number | undefined;
  onCopy: ((role: Role) => void) | undefined;
  onDelete: ((role: Role) => void) | undefined;
}

/** A role's column: its name, how many have it, and what may be done with it. */
function Head({ role, holders, onCopy, onDelete }: HeadProps) {
  const { t } = useTranslation();
  const all = searchOf({ role: role.role, showDisabled: true, showNonActivated: true });
  return (
    <Table.Th scope="col">
      <Text fw={600} size="sm" c="var(--mantine-color-text)" title={said(role.description)}>
        {role.name}
        {onCopy && (
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon
                variant="subtle"
                color="gray"
                ms={4}
                aria-label={t('More for {{who}}', { who: role.name })}
              >
                <MoreIcon />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => onCopy(role)}>{t('Copy')}</Menu.Item>
              {onDelete && !role.builtIn && (
                <Menu.Item onClick={() => onDelete(role)}>
                  {t('Delete {{what}}', { what: role.name })}
                </Menu.Item>
              )}
            </Menu.Dropdown>
          </Menu>
        )}
      </Text>
      <Text size="xs" c="dimmed">
        {role.builtIn ? t('Built-in') : t('Custom')}
        {holders !== undefined && (
          <>
            {' · '}
            <Anchor component={Link} to={`/users${all}`} size="xs" underline="always">
              {t('{{count}} users', { count: holders })}
            </Anchor>
          </>
        )}
      </Text>
    </Table.Th>
  );
}

interface MatrixProps extends Pick<HeadProps, 'onCopy' | 'onDelete'> {
  roles: readonly Role[];
  permissions: readonly Pick<Permission, 'key' | 'label'>[];
  edits: ReadonlyMap<string, readonly string[]>;
  onEdit: (role: Role, permissions: string[]) => void;
  canEdit: boolean;
  canCount: boolean;
}

/** Permissions down, roles across; built-in roles can be copied, not edited. */
export function RoleMatrix(props: MatrixProps) {
  const { roles, permissions, edits, onEdit, canEdit, canCount, onCopy, onDelete } = props;
  const { t } = useTranslation();
  const holders = useHolders(canCount);
  const named = permissions.map(({ key, label }) => ({ key, label: said(label) }));
  return (
    <div className="scroll box tall" role="region" aria-label={t('Roles and permissions')} tabIndex={0}>
      <Table stickyHeader highlightOnHover className="matrix">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t('Permission')}</Table.Th>
            {roles.map((role) => (
              <Head
                key={role.id}
                role={role}
                holders={canCount ? (holders.get(role.role) ?? 0) : undefined}
                onCopy={onCopy}
                onDelete={onDelete}
              />
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {named.map(({ key, label }) => (
            <Table.Tr key={key}>
              <Table.Th scope="row">
                <Text size="sm" fw={400}>
                  {label}
                </Text>
                {label !== key && (
                  <Text size="xs" c="dimmed">
                    {key}
                  </Text>
                )}
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
