import {
  Autocomplete,
  Button,
  Fieldset,
  Group,
  List,
  NativeSelect,
  Paper,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call, post } from '../api.js';
import { useRoles } from '../session.js';
import type { Directory, Plan, RoleRule } from '../types.js';
import { Impact } from '../ui/Impact.js';
import { FormProblem, tell } from '../ui/Problems.js';
import { RolePicker } from '../ui/RolePicker.js';
import { UserPicker } from './GroupPage.js';

interface DryRun {
  grants: { role: string; because: string }[];
  unmatched: { path: string; value: string }[];
}

type Test = 'is' | 'in' | 'matches';

const testOf = ({ when }: RoleRule): Test => (when.in ? 'in' : when.matches !== undefined ? 'matches' : 'is');
const valueOf = ({ when }: RoleRule): string => when.in?.join(', ') ?? when.matches ?? when.is ?? '';

function ruleOf(rule: RoleRule, test: Test, value: string): RoleRule {
  const values = value.split(',').map((each) => each.trim());
  return { ...rule, when: { path: rule.when.path, ...(test === 'in' ? { in: values } : { [test]: value }) } };
}

const withoutId = ({ when, grant }: RoleRule): RoleRule => ({ when, grant });

interface RuleFieldsProps {
  rule: RoleRule;
  number: number;
  onChange: (rule: RoleRule) => void;
  onRemove: () => void;
}

function RuleFields({ rule, number, onChange, onRemove }: RuleFieldsProps) {
  const { t } = useTranslation();
  const test = testOf(rule);
  return (
    <Fieldset legend={t('Rule {{rule}}', { rule: number })}>
      <Stack gap="sm">
        <Group align="flex-end">
          <Autocomplete
            label={t('When')}
            data={[
              'groups.displayName',
              'roles.value',
              'entitlements.value',
              'userType',
              'title',
              'department',
            ]}
            value={rule.when.path}
            onChange={(path) => onChange({ ...rule, when: { ...rule.when, path } })}
          />
          <NativeSelect
            label={t('Test')}
            value={test}
            onChange={({ currentTarget }) =>
              onChange(ruleOf(rule, currentTarget.value as Test, valueOf(rule)))
            }
            data={[
              { value: 'is', label: t('is') },
              { value: 'in', label: t('is one of') },
              { value: 'matches', label: t('matches the pattern') },
            ]}
          />
          <TextInput
            label={t('Value')}
            value={valueOf(rule)}
            onChange={({ currentTarget }) => onChange(ruleOf(rule, test, currentTarget.value))}
          />
          <Button variant="default" onClick={onRemove}>
            {t('Remove')}
          </Button>
        </Group>
        <RolePicker
          label={t('Grants')}
          value={rule.grant}
          onChange={(grant) => onChange({ ...rule, grant })}
        />
      </Stack>
    </Fieldset>
  );
}

function TryOut({ directory, rules }: { directory: Directory; rules: RoleRule[] }) {
  const { t } = useTranslation();
  const { nameOf } = useRoles();
  const { mutate, data, error } = useMutation({
    mutationFn: (userId: string) =>
      post<DryRun>(`/directories/${directory.id}/rules/dry-run`, { userId, rules: rules.map(withoutId) }),
  });
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="dry-run">
      <Stack gap="sm">
        <Title order={2} size="h4" id="dry-run">
          {t('Dry run')}
        </Title>
        <Text size="sm" c="dimmed">
          {t('What the rules above would give a person, saved or not.')}
        </Text>
        <UserPicker label={t('User')} onPick={mutate} />
        <FormProblem error={error} />
        {data && (
          <div role="status">
            {data.grants.length === 0 && <Text>{t('No role.')}</Text>}
            <List size="sm">
              {data.grants.map(({ role, because }) => (
                <List.Item key={role + because}>{`${nameOf(role)}: ${because}`}</List.Item>
              ))}
            </List>
          </div>
        )}
      </Stack>
    </Paper>
  );
}

/** The rules of a directory: edited together, tried out, saved at once. */
export function RoleRules({ directory }: { directory: Directory }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [rules, setRules] = useState<RoleRule[]>(directory.roleRules);
  const { mutate, isPending, error } = useMutation({
    mutationFn: () =>
      call('PUT', `/directories/${directory.id}/rules`, { body: { rules: rules.map(withoutId) } }),
    onSuccess: () => {
      tell(t('Saved'));
      void client.invalidateQueries();
    },
  });
  const impact = useMutation({
    mutationFn: async () =>
      (
        await call<Plan>('PUT', `/directories/${directory.id}/rules`, {
          query: { dryRun: true },
          body: { rules: rules.map(withoutId) },
        })
      ).data,
  });
  const change = (next: RoleRule[]) => {
    impact.reset();
    setRules(next);
  };
  const isChanged = JSON.stringify(rules) !== JSON.stringify(directory.roleRules);
  return (
    <Stack maw={960}>
      {rules.length === 0 && (
        <Text c="dimmed">{t('No rules yet: people of this directory get no roles from it.')}</Text>
      )}
      {rules.map((rule, index) => (
        <RuleFields
          key={rule.id ?? index}
          rule={rule}
          number={index + 1}
          onChange={(next) => change(rules.map((each, at) => (at === index ? next : each)))}
          onRemove={() => change(rules.filter((_, at) => at !== index))}
        />
      ))}
      <FormProblem error={error ?? impact.error} />
      {impact.data && <Impact plan={impact.data} />}
      <Group>
        <Button
          variant="default"
          onClick={() => change([...rules, { when: { path: 'groups.displayName', is: '' }, grant: [] }])}
        >
          {t('Add rule')}
        </Button>
        <Button
          variant="default"
          disabled={!isChanged}
          loading={impact.isPending}
          onClick={() => impact.mutate()}
        >
          {t('See the impact')}
        </Button>
        <Button disabled={!isChanged} loading={isPending} onClick={() => mutate()}>
          {t('Save')}
        </Button>
      </Group>
      <TryOut directory={directory} rules={rules} />
    </Stack>
  );
}
