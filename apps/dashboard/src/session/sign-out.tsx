import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useServer } from '../server/server-context.ts';

/** Ends the session here and at the server. */
export function SignOut() {
  const { http } = useServer();
  const queries = useQueryClient();
  const { mutate, isPending } = useMutation({
    mutationFn: () => http.remove('/api/v1/session'),
    onSettled: () => queries.resetQueries({ queryKey: ['me'] }),
  });
  return (
    <Button variant="default" size="compact-xs" onClick={() => mutate()} loading={isPending}>
      Log out
    </Button>
  );
}
