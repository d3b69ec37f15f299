import { Checkbox } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useWho } from '../session.js';
import { ruleInWords } from '../text/rule-words.js';
import type { RoleSource, User } from '../types.js';
import type { UserForm } from './EditUser.js';

const isGiven = ({ type }: RoleSource): boolean => type === 'manual' || type === 'invite';

interface RoleCheckboxProps {
  role: string;
  label: string;
  description?: string;
  user: User;
  form: UserForm;
  set: (values: Partial<UserForm>) => void;
}

/** A role of a person. One that a rule, a group or a provider gives is ticked and says so: it is not taken here. */
export function RoleCheckbox({ role, label, description, user, form, set }: RoleCheckboxProps) {
  const { t } = useTranslation();
  const { may, me } = useWho();
  const sources = user.roles.find((each) => each.role === role)?.sources ?? [];
  const other = sources.find((source) => !isGiven(source));
  const isChosen = form.roles.includes(role);
  const isOwnRole = me.id === user.id && isChosen;
  const from =
    other &&
    {
      rule: t('Given by a rule: {{detail}}', { detail: ruleInWords(t, other.detail ?? '') }),
      sso: t('Given at the sign-in of the company: {{detail}}', {
        detail: ruleInWords(t, other.detail ?? ''),
      }),
    }[other.type as 'rule' | 'sso'];
  return (
    <Checkbox
      label={label}
      description={from ?? description}
      checked={isChosen || other !== undefined}
      disabled={!may('roles.assign') || isOwnRole || (other !== undefined && !isChosen)}
      onChange={({ currentTarget }) =>
        set({
          roles: currentTarget.checked ? [...form.roles, role] : form.roles.filter((each) => each !== role),
        })
      }
    />
  );
}
