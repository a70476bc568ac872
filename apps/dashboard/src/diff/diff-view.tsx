import { Button } from '@mantine/core';
import { memo, type ReactNode, useMemo, useState } from 'react';
import { type ChangeData, Decoration, Diff, getChangeKey, Hunk } from 'react-diff-view';
import 'react-diff-view/style/index.css';
import { Icon } from '../mark/icon.tsx';
import { Note } from '../mark/note.tsx';
import css from './diff.module.css';
import { type DiffFile, parseDiffFiles } from './diff-files.ts';

/** Something said about a line of the new file. */
export interface DiffRemark {
  readonly path: string;
  /** From 1, in the new file. */
  readonly line: number;
  readonly key: string;
  readonly view: ReactNode;
}

interface DiffViewProps {
  /** Unified diff; empty is shown as such. */
  readonly diff: string;
  readonly label: string;
  readonly remarks?: readonly DiffRemark[];
  /** Absent: lines cannot be chosen. */
  readonly onLine?: (path: string, line: number) => void;
}

const noRemarks: readonly DiffRemark[] = [];
const openedLines = 400;

/** A unified diff by file, unified or side by side. */
export function DiffView({ diff, label, remarks = noRemarks, onLine }: DiffViewProps) {
  const [isSplit, setSplit] = useState(false);
  const parsed = useMemo(() => (diff.trim() === '' ? undefined : parseDiffFiles(diff)), [diff]);
  if (diff.trim() === '') return <p className={css['none']}>Nothing differs.</p>;
  if (parsed === undefined) return <pre className={css['plain']}>{diff}</pre>;
  const added = parsed.files.reduce((sum, file) => sum + file.added, 0);
  const removed = parsed.files.reduce((sum, file) => sum + file.removed, 0);
  return (
    <section className={css['diff']} aria-label={label}>
      <div className={css['sum']}>
        <span>
          {parsed.files.length} {parsed.files.length === 1 ? 'file' : 'files'}{' '}
          <Counts added={added} removed={removed} />
        </span>
        <Button
          variant="default"
          size="compact-xs"
          className={css['split'] ?? ''}
          onClick={() => setSplit((is) => !is)}
        >
          {isSplit ? 'Unified' : 'Side by side'}
        </Button>
      </div>
      {parsed.isCut ? (
        <Note tone="wait" icon="warn">
          The diff is longer than what the server sends: fetch the branch to see all of it.
        </Note>
      ) : undefined}
      {parsed.files.map((file) => (
        <FileDiff
          key={file.key}
          file={file}
          isSplit={isSplit}
          remarks={remarks.filter((remark) => remark.path === file.path)}
          onLine={onLine}
        />
      ))}
    </section>
  );
}

function Counts({ added, removed }: { readonly added: number; readonly removed: number }) {
  return (
    <span className={css['counts']}>
      <span className={css['added']} role="img" aria-label={`${added} lines added`}>
        +{added}
      </span>{' '}
      <span className={css['removed']} role="img" aria-label={`${removed} lines removed`}>
        −{removed}
      </span>
    </span>
  );
}

interface FileDiffProps {
  readonly file: DiffFile;
  readonly isSplit: boolean;
  readonly remarks: readonly DiffRemark[];
  readonly onLine: DiffViewProps['onLine'] | undefined;
}

const FileDiff = memo(function FileDiff({ file, isSplit, remarks, onLine }: FileDiffProps) {
  const [isOpen, setOpen] = useState(file.added + file.removed <= openedLines);
  return (
    <div className={css['file']}>
      <button type="button" className={css['name']} aria-expanded={isOpen} onClick={() => setOpen((is) => !is)}>
        <Icon name="open" size={14} className={isOpen ? (css['turned'] ?? '') : ''} />
        <span className={css['path']}>{file.from === undefined ? file.path : `${file.from} → ${file.path}`}</span>
        {file.kind === 'modify' ? undefined : <span className={css['kind']}>{kinds[file.kind]}</span>}
        <Counts added={file.added} removed={file.removed} />
      </button>
      {isOpen ? <FileHunks file={file} isSplit={isSplit} remarks={remarks} onLine={onLine} /> : undefined}
    </div>
  );
});

const kinds: Readonly<Record<DiffFile['kind'], string>> = {
  add: 'new',
  delete: 'deleted',
  modify: 'changed',
  rename: 'renamed',
  copy: 'copied',
};

function FileHunks({ file, isSplit, remarks, onLine }: FileDiffProps) {
  if (file.isBinary) return <p className={css['none']}>A binary file: its content is not shown.</p>;
  if (file.hunks.length === 0) return <p className={css['none']}>No line of it differs.</p>;
  const changes = file.hunks.flatMap((hunk) => hunk.changes);
  const { widgets, unplaced } = placeRemarks(changes, remarks);
  const events = onLine === undefined ? {} : { gutterEvents: gutterEvents(file.path, onLine) };
  return (
    <>
      <div className={css['hunks']}>
        <Diff
          viewType={isSplit ? 'split' : 'unified'}
          diffType={file.kind}
          hunks={file.hunks}
          widgets={widgets}
          {...events}
        >
          {(hunks) =>
            hunks.flatMap((hunk) => [
              <Decoration key={`at ${hunk.content}`}>
                <div className={css['hunk']}>{hunk.content}</div>
              </Decoration>,
              <Hunk key={hunk.content} hunk={hunk} />,
            ])
          }
        </Diff>
      </div>
      {unplaced.map((remark) => (
        <div key={remark.key} className={css['unplaced']}>
          <span className={css['kind']}>line {remark.line}</span> {remark.view}
        </div>
      ))}
    </>
  );
}

function placeRemarks(changes: readonly ChangeData[], remarks: readonly DiffRemark[]) {
  const keys = new Map<number, string>();
  for (const change of changes) {
    const line = newLine(change);
    if (line !== undefined) keys.set(line, getChangeKey(change));
  }
  const widgets: Record<string, ReactNode> = {};
  const unplaced: DiffRemark[] = [];
  for (const remark of remarks) {
    const key = keys.get(remark.line);
    if (key === undefined) unplaced.push(remark);
    else
      widgets[key] = (
        <>
          {widgets[key]}
          {remark.view}
        </>
      );
  }
  return { widgets, unplaced };
}

function newLine(change: ChangeData): number | undefined {
  if (change.type === 'normal') return change.newLineNumber;
  return change.type === 'insert' ? change.lineNumber : undefined;
}

function gutterEvents(path: string, onLine: (path: string, line: number) => void) {
  return {
    onClick: ({ change }: { readonly change: ChangeData | null }) => {
      const line = change === null ? undefined : newLine(change);
      if (line !== undefined) onLine(path, line);
    },
  };
}
