import type { MeView } from '@slipway/api';
import { Button, PasswordInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useServer } from '../server/server-context.ts';
import css from './session.module.css';
import { takeTokenFromAddress } from './session-token.ts';
import { Refusal } from '../mark/refusal.tsx';

/** Asks for a token; an address with one (`/login#token=…`) needs no typing. */
export function LoginView() {
  const { http } = useServer();
  const queries = useQueryClient();
  const router = useRouter();
  const [token, setToken] = useState('');
  const { mutate, isPending, isSuccess, error } = useMutation({
    mutationFn: (secret: string) => http.send<MeView>('/api/v1/session', { token: secret.trim() }),
    onSuccess: async (me) => {
      setToken('');
      if (router.state.location.pathname === '/login') await router.navigate({ to: '/environments', replace: true });
      // What another account has read must not be shown to this one.
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'me' });
      queries.setQueryData(['me'], me);
    },
  });
  useEffect(() => {
    const secret = takeTokenFromAddress(window);
    if (secret !== undefined) mutate(secret);
  }, [mutate]);

  return (
    <main className={css['page']}>
      <title>Log in · Slipway</title>
      <form
        className={css['form']}
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim() !== '') mutate(token);
        }}
      >
        <img src="/favicon.svg" alt="" />
        <h1>Log in to Slipway</h1>
        <p>
          Paste an access token, or open the one-time link that <code>slipway up</code> printed.
        </p>
        <PasswordInput
          label="Token"
          size="sm"
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          autoComplete="current-password"
          disabled={isPending}
        />
        <Refusal error={error} />
        <Button type="submit" size="sm" fullWidth loading={isPending || isSuccess} disabled={token.trim() === ''}>
          Log in
        </Button>
      </form>
    </main>
  );
}
