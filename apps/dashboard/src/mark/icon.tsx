import type { ReactNode } from 'react';

const shapes = {
  check: <path d="m3.5 8.500 3 3 6-7" />,
  cross: <path d="m4.500 4.500 7 7m0-7-7 7" />,
  busy: <path d="M8 2.500a5.500 5.500 0 1 1-5.500 5.500" />,
  clock: <path d="M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2m0 3v3.200l2 1.300" />,
  skip: <path d="m4 4 4 4-4 4m5-8 4 4-4 4" />,
  stop: <path d="M4.500 4.500h7v7h-7z" />,
  warn: <path d="M8 2.500 14 13H2zm0 4v3m0 1.800v.2" />,
  again: <path d="M13 8a5 5 0 1 1-1.500-3.600L13 6m0-3.500V6H9.500" />,
  copy: <path d="M6 6h7v7H6zM3 10V3h7" />,
  lock: <path d="M4 7.500h8v6H4zm2 0V5a2 2 0 1 1 4 0v2.500" />,
  inbox: <path d="M2.500 9.500 4.500 3.500h7l2 6v3.500h-11zm0 0h3l1 1.500h3l1-1.500h3" />,
  branches: (
    <path d="M4.500 4.500v7m0-7a1 1 0 1 0 0-2 1 1 0 0 0 0 2m0 7a1 1 0 1 0 0 2 1 1 0 0 0 0-2m7 0a1 1 0 1 0 0 2 1 1 0 0 0 0-2m0 0V7c0-2-1-3-3-3H7" />
  ),
  play: <path d="M5 3.500v9l7-4.500z" />,
  layers: <path d="m8 2.500 6 3-6 3-6-3zm-6 6 6 3 6-3" />,
  trail: <path d="M4 3.500h.1M4 8h.1M4 12.500h.1M7 3.500h6M7 8h6m-6 4.500h6" />,
  pause: <path d="M5.500 3.500v9m5-9v9" />,
  down: <path d="M8 3v9m-4-4 4 4 4-4" />,
  out: <path d="M9 3h4v4m0-4L7 9m-2-5H3v9h9v-2" />,
  ticket: (
    <path d="M2.500 4.500h11v2.200a1.500 1.500 0 0 0 0 2.600v2.200h-11V9.300a1.500 1.500 0 0 0 0-2.600zm6.500 0v7" />
  ),
  back: <path d="M6.500 4 3 7.500 6.500 11M3.200 7.500H9a3.500 3.500 0 0 1 3.500 3.500v1" />,
  open: <path d="m6 4 4 4-4 4" />,
} as const satisfies Record<string, ReactNode>;
export type IconName = keyof typeof shapes;

/** Decoration only: the words beside it say the same. @param size - in pixels. */
export function Icon({
  name,
  size = 16,
  className,
}: {
  readonly name: IconName;
  readonly size?: number;
  readonly className?: string;
}) {
  return (
    <svg
      viewBox="0 0 16 16"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className={className}
    >
      {shapes[name]}
    </svg>
  );
}
