import { Link, Navigate } from '@tanstack/react-router';
import { Page } from '../frame/page.tsx';
import { Empty, QueryView } from '../frame/query-view.tsx';
import type { Applications } from '../server/answers.ts';
import { useApplications } from '../server/queries.ts';
import css from './environment.module.css';

/** Every application; with only one there is nothing to choose. */
export function EnvironmentsPage() {
  return (
    <Page title="Environments">
      <QueryView
        query={useApplications()}
        what="the applications"
        shapes={[64, 64]}
        empty={{ isEmpty: (applications) => applications.length === 0, view: <NoApplications /> }}
      >
        {(applications) => <Choice applications={applications} />}
      </QueryView>
    </Page>
  );
}

function Choice({ applications }: { readonly applications: Applications }) {
  const [first, second] = applications;
  if (first !== undefined && second === undefined)
    return <Navigate to="/environments/$application" params={{ application: first.application }} replace />;
  return (
    <ul className={css['applications']}>
      {applications.map(({ application, repository }) => (
        <li key={application}>
          <Link to="/environments/$application" params={{ application }}>
            <b>{application}</b>
            <span>{repository}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function NoApplications() {
  return (
    <Empty icon="layers" title="No application is delivered yet">
      Write a <code>kind: Delivery</code> with its environments to <code>slipway.yaml</code> of a config repository, and
      bring it here:
      <pre>slipway project add ../your-config --role config</pre>
    </Empty>
  );
}
