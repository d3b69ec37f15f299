import { useMutation, useQueryClient } from '@tanstack/react-query';
import { tell, tellProblem } from './Problems.js';

/** Does something at once, says so, and asks for what is shown again. */
export function useAct() {
  const client = useQueryClient();
  const { mutate } = useMutation({
    mutationFn: async ({ act, done }: { act: () => Promise<unknown>; done: string }) => {
      await act();
      return done;
    },
    onSuccess: (done) => {
      tell(done);
      void client.invalidateQueries();
    },
    onError: tellProblem,
  });
  return (act: () => Promise<unknown>, done: string) => mutate({ act, done });
}
