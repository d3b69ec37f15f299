import { useQuery } from '@tanstack/react-query';
import { read, type Listed } from '../api.js';

/** The items of a list to choose from: the first 200. */
export function useChoices<T>(path: string, enabled = true): T[] {
  const { data } = useQuery({
    queryKey: [path, 'choices'],
    queryFn: () => read<Listed<T>>(path, { limit: 200 }),
    enabled,
    staleTime: 60_000,
  });
  return data?.items ?? [];
}
