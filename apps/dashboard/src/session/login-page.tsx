import { Navigate } from '@tanstack/react-router';

/** `/login` for who is logged in already; who is not sees the login page in place of every page. */
export function LoginPage() {
  return <Navigate to="/environments" replace />;
}
