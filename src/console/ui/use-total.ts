import { useQuery } from '@tanstack/react-query';
import { read, type Listed, type Query } from '../api.js';

/** How many items a list has; undefined while it is asked for, or where it may not be seen. */
export function useTotal(path: string, query: Query, enabled: boolean): number | undefined {
  const { data } = useQuery({
    queryKey: [path, 'total', query],
    queryFn: () => read<Listed<unknown>>(path, { ...query, limit: 1 }, true),
    enabled,
  });
  return data?.total;
}
