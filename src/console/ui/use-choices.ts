import { useQuery } from '@tanstack/react-query';
import { read, type Listed, type Query } from '../api.js';

/** The items of a list to choose from: the first 200. */
export function useChoices<T>(path: string, enabled = true, query: Query = {}): T[] {
  const { data } = useQuery({
    queryKey: [path, 'choices', query],
    queryFn: () => read<Listed<T>>(path, { ...query, limit: 200 }),
    enabled,
    staleTime: 60_000,
  });
  return data?.items ?? [];
}
