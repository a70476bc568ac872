import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

/**
 * Where an address from outside may lead: a page of ours (`/…`), an http(s) address, or nowhere.
 *
 * Anything else (`javascript:`, `data:`, `//other.host`) is shown as text.
 */
export function safeTarget(address: string): { readonly kind: 'page' | 'outside'; readonly href: string } | undefined {
  if (/[\p{Cc}\\]/u.test(address)) return undefined;
  if (address.startsWith('/') && !address.startsWith('//')) return { kind: 'page', href: address };
  if (!URL.canParse(address)) return undefined;
  const { protocol, href } = new URL(address);
  return protocol === 'https:' || protocol === 'http:' ? { kind: 'outside', href } : undefined;
}

/** A link whose address came from a record. */
export function SafeLink({ address, children }: { readonly address: string; readonly children: ReactNode }) {
  const target = safeTarget(address);
  if (target === undefined) return <span>{children}</span>;
  if (target.kind === 'page') return <Link to={target.href}>{children}</Link>;
  return (
    <a href={target.href} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  );
}
