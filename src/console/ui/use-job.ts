import { useQuery } from '@tanstack/react-query';
import { read } from '../api.js';
import type { BulkJob } from '../types.js';

export const isOver = ({ status }: BulkJob): boolean => status !== 'waiting' && status !== 'running';

/** Follows a job until it is over. */
export function useJob(started: BulkJob | undefined): BulkJob | undefined {
  const { data } = useQuery({
    queryKey: ['/bulk', started?.id],
    queryFn: () => read<BulkJob>(`/bulk/${started?.id ?? ''}`, {}, true),
    enabled: started !== undefined,
    refetchInterval: ({ state }) => (state.data && isOver(state.data) ? false : 400),
  });
  return data ?? started;
}
