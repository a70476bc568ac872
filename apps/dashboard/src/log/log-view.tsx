import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useMemo, useRef, useState } from 'react';
import { Icon } from '../mark/icon.tsx';
import { tellProblem } from '../server/dashboard-error.ts';
import { ansiSpans } from './ansi-spans.ts';
import css from './log.module.css';
import { type LogState, useLog } from './use-log.ts';

interface LogViewProps {
  /** Path of the text stream. */
  readonly path: string;
  /** Query that keeps the stream open until the work has ended. */
  readonly follow?: boolean;
  /** Whose log it is. */
  readonly label: string;
}

const rowHeight = 20;

/** A log as it is written: coloured, only its visible lines in the page, following its end until somebody scrolls up. */
export function LogView({ path, follow = false, label }: LogViewProps) {
  const log = useLog(follow ? `${path}?follow=true` : path);
  const [isFollowing, setFollowing] = useState(true);
  return (
    <div className={css['log']}>
      <div className={css['bar']}>
        <span role="status">{describe(log)}</span>
        <span className={css['tools']}>
          {log.phase === 'broken' ? (
            <button type="button" onClick={log.retry}>
              <Icon name="again" size={13} /> Read again
            </button>
          ) : undefined}
          <button type="button" aria-pressed={isFollowing} onClick={() => setFollowing((is) => !is)}>
            <Icon name={isFollowing ? 'pause' : 'down'} size={13} />{' '}
            {isFollowing ? 'Pause scrolling' : 'Follow the end'}
          </button>
          <a href={path} target="_blank" rel="noreferrer">
            <Icon name="out" size={13} /> Raw
          </a>
        </span>
      </div>
      {log.lines.length === 0 ? (
        <p className={css['none']}>
          {log.phase === 'reading' ? 'Waiting for the first line …' : 'Nothing was written.'}
        </p>
      ) : (
        <Lines log={log} label={label} isFollowing={isFollowing} onFollow={setFollowing} />
      )}
    </div>
  );
}

function describe({ phase, lines, dropped, error }: LogState): string {
  const count = `${(lines.length + dropped).toLocaleString('en')} ${lines.length + dropped === 1 ? 'line' : 'lines'}`;
  const kept = dropped === 0 ? count : `${count}, the first ${dropped.toLocaleString('en')} not shown`;
  if (phase === 'reading') return `${kept}, reading …`;
  return phase === 'ended' ? kept : `${kept}; the log broke off: ${tellProblem(error)}`;
}

interface LinesProps {
  readonly log: LogState;
  readonly label: string;
  readonly isFollowing: boolean;
  readonly onFollow: (isFollowing: boolean) => void;
}

function Lines({ log, label, isFollowing, onFollow }: LinesProps) {
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: log.lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    overscan: 20,
  });
  useEffect(() => {
    const element = box.current;
    if (isFollowing && element !== null) element.scrollTop = element.scrollHeight;
  }, [isFollowing, log.lines.length]);

  function readScroll(): void {
    const element = box.current;
    if (element === null) return;
    const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < rowHeight * 2;
    if (isAtEnd !== isFollowing) onFollow(isAtEnd);
  }
  return (
    <div
      ref={box}
      className={css['box']}
      // Only a person's own scrolling pauses: the page scrolls too while it follows.
      onWheel={readScroll}
      onTouchMove={readScroll}
      onKeyUp={readScroll}
      onPointerUp={readScroll}
      tabIndex={0}
      role="log"
      aria-label={label}
      aria-live="off"
    >
      <div className={css['rows']} style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => (
          <div key={index} className={css['row']} style={{ transform: `translateY(${start}px)` }}>
            <span className={css['number']}>{index + 1 + log.dropped}</span>
            <Line text={log.lines[index] ?? ''} />
          </div>
        ))}
      </div>
    </div>
  );
}

const Line = memo(function Line({ text }: { readonly text: string }) {
  const spans = useMemo(() => ansiSpans(text), [text]);
  return (
    <span>
      {spans.map((span, index) => (
        <span key={`${index} ${span.text}`} style={span.style}>
          {span.text}
        </span>
      ))}
    </span>
  );
});
