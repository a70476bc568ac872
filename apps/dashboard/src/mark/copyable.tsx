import { CopyButton, Tooltip } from '@mantine/core';
import { Icon } from './icon.tsx';
import css from './mark.module.css';

interface CopyableProps {
  /** What is copied, whole. */
  readonly text: string;
  /** What it is, for the button's name: `commit`, `image digest`. */
  readonly what: string;
  /** Characters shown; the rest is in the copy and on hover. All when absent. */
  readonly length?: number;
  /** Only the digest itself is shown, not `sha256:`; the copy has it. */
  readonly isBare?: boolean;
}

/** A digest, commit or id in monospace with a button that copies all of it. */
export function Copyable({ text, what, length, isBare = false }: CopyableProps) {
  return (
    <span className={css['digest']}>
      <span title={text}>
        {length === undefined ? text : shorten(isBare ? text.slice(text.indexOf(':') + 1) : text, length)}
      </span>
      <CopyButton value={text} timeout={1_500}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? 'Copied' : `Copy ${what}`}>
            <button
              type="button"
              className={css['copy']}
              onClick={copy}
              aria-label={copied ? 'Copied' : `Copy ${what}`}
            >
              <Icon name={copied ? 'check' : 'copy'} size={13} />
            </button>
          </Tooltip>
        )}
      </CopyButton>
    </span>
  );
}

/** `sha256:` stays in front: what is cut is the digest itself. */
function shorten(text: string, length: number): string {
  const [algorithm, rest] = text.includes(':')
    ? [text.slice(0, text.indexOf(':') + 1), text.slice(text.indexOf(':') + 1)]
    : ['', text];
  return rest.length <= length ? text : `${algorithm}${rest.slice(0, length)}`;
}
