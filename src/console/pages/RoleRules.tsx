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
  Title,
} from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call, post } from '../api.js';
import { useRoles, useWho } from '../session.js';
import { ruleInWords } from '../text/rule-words.js';
import type { Directory, Group as PeopleGroup, Plan, RoleRule } from '../types.js';
import { Impact } from '../ui/Impact.js';
import { FormProblem, tell } from '../ui/Problems.js';
import { RolePicker } from '../ui/RolePicker.js';
import { useChoices } from '../ui/use-choices.js';
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

/** Where rules look, and what stands there: groups by the names that the directory sent. */
function useSuggestions(directory: Directory): (path: string) => { paths: string[]; values: string[] } {
  const groups = useChoices<PeopleGroup>('/groups', true, { directory: directory.id });
  const { may } = useWho();
  const attributes = useChoices<{ name: string }>('/attributes', may('account.settings'));
  const paths = [
    ...['groups.displayName', 'roles.value', 'entitlements.value', 'userType', 'title', 'department'],
    ...attributes.map(({ name }) => `urn:gatehouse:params:scim:schemas:extension:tenant:2.0:User:${name}`),
  ];
  const names = [...new Set(groups.map(({ displayName }) => displayName))];
  return (path) => ({ paths, values: path === 'groups.displayName' ? names : [] });
}

interface RuleFieldsProps {
  rule: RoleRule;
  suggested: { paths: string[]; values: string[] };
  number: number;
  onChange: (rule: RoleRule) => void;
  onRemove: () => void;
}

function RuleFields({ rule, suggested, number, onChange, onRemove }: RuleFieldsProps) {
  const { t } = useTranslation();
  const test = testOf(rule);
  return (
    <Fieldset legend={t('Rule {{rule}}', { rule: number })}>
      <Stack gap="sm">
        <Group align="flex-end">
          <Autocomplete
            label={t('When')}
            data={suggested.paths}
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
          <Autocomplete
            label={t('Value')}
            data={test === 'in' ? [] : suggested.values}
            limit={20}
            placeholder={test === 'in' ? t('One, another') : undefined}
            value={valueOf(rule)}
            onChange={(value) => onChange(ruleOf(rule, test, value))}
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
                <List.Item key={role + because}>{`${nameOf(role)}: ${ruleInWords(t, because)}`}</List.Item>
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
  const suggestedFor = useSuggestions(directory);
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
          suggested={suggestedFor(rule.when.path)}
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
