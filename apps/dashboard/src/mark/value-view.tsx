import { Copyable } from './copyable.tsx';
import css from './fact-table.module.css';

const digest = /^(sha256:)?[0-9a-f]{40,64}$/;
const maxDepth = 5;
const maxEntries = 100;

/** Any JSON as people read it: records as tables, lists as lines, digests shortened with a copy button. Always text. */
export function ValueView({ value, depth = 0 }: { readonly value: unknown; readonly depth?: number }) {
  if (value === null || value === undefined || value === '') return <span className={css['none']}>none</span>;
  if (typeof value === 'boolean') return <>{value ? 'yes' : 'no'}</>;
  if (typeof value === 'string' && digest.test(value)) return <Copyable text={value} what="digest" length={16} />;
  if (typeof value === 'string' || typeof value === 'number') return <>{value}</>;
  if (typeof value !== 'object') return <>{JSON.stringify(value)}</>;
  if (depth >= maxDepth) return <code className={css['hash']}>{JSON.stringify(value).slice(0, 500)}</code>;
  if (Array.isArray(value)) return <ValueList values={value} depth={depth} />;
  return <ValueTable entries={Object.entries(value)} depth={depth} />;
}

function ValueList({ values, depth }: { readonly values: readonly unknown[]; readonly depth: number }) {
  if (values.length === 0) return <span className={css['none']}>none</span>;
  return (
    <ul className={css['list']}>
      {values.slice(0, maxEntries).map((value, index) => (
        <li key={`${index}`}>
          <ValueView value={value} depth={depth + 1} />
        </li>
      ))}
      {values.length > maxEntries ? <li className={css['none']}>and {values.length - maxEntries} more</li> : undefined}
    </ul>
  );
}

function ValueTable({ entries, depth }: { readonly entries: readonly [string, unknown][]; readonly depth: number }) {
  if (entries.length === 0) return <span className={css['none']}>none</span>;
  return (
    <table className={css['table']}>
      <tbody>
        {entries.slice(0, maxEntries).map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              <ValueView value={value} depth={depth + 1} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
