import { Alert, Button, Group, Modal, NativeSelect, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call, Problem } from '../api.js';
import { useRoles } from '../session.js';
import type { Plan, Role } from '../types.js';
import { ImpactLines } from '../ui/Impact.js';
import { FormProblem, tell } from '../ui/Problems.js';

interface DeleteRoleProps {
  role: Role;
  /** Roles of the same place. */
  others: readonly Role[];
  onClose: () => void;
}

const isInUse = (error: unknown): boolean => error instanceof Problem && error.code === 'role.in_use';

/** Deletes a role after saying what becomes of those who have it: nothing, or another role in its place. */
export function DeleteRole({ role, others, onClose }: DeleteRoleProps) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { nameOf } = useRoles();
  const [successor, setSuccessor] = useState('');
  const send = async <T,>(query: Record<string, string | boolean>) =>
    (await call<T>('DELETE', `/roles/${role.id}`, { query: { ...query, reassignTo: successor } })).data;
  const plan = useQuery({
    queryKey: ['/roles', role.id, 'deletion', successor],
    queryFn: () => send<Plan>({ dryRun: true }),
    gcTime: 0,
    retry: false,
  });
  const removal = useMutation({
    mutationFn: () => send({ plan: plan.data?.plan ?? '' }),
    onSuccess: () => {
      tell(t('Removed'));
      onClose();
      void client.invalidateQueries();
    },
  });
  const refusal = plan.error ?? removal.error;
  return (
    <Modal opened onClose={onClose} title={t('Delete {{what}}?', { what: role.name })} centered>
      <Stack>
        <NativeSelect
          label={t('Who has it gets instead')}
          description={t('Groups, API keys, rules and open invitations too.')}
          data={[
            { value: '', label: t('Nothing') },
            ...others.map((other) => ({ value: other.role, label: nameOf(other.role) })),
          ]}
          value={successor}
          onChange={({ currentTarget }) => setSuccessor(currentTarget.value)}
        />
        <div role="status">
          {plan.data && (
            <>
              <Text size="sm">{t('affects {{count}} users', { count: plan.data.affected })}</Text>
              <ImpactLines plan={plan.data} />
            </>
          )}
          {isInUse(refusal) && (
            <Alert color="yellow">
              {t('It was given to people, groups or API keys by hand. Choose what they get instead.')}
            </Alert>
          )}
        </div>
        <FormProblem error={isInUse(refusal) ? null : refusal} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t('Cancel')}
          </Button>
          <Button
            color="red"
            disabled={!plan.data}
            loading={removal.isPending}
            onClick={() => removal.mutate()}
          >
            {t('Delete')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
