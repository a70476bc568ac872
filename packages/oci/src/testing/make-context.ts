import { Readable } from 'node:stream';
import { type Header, pack } from 'tar-stream';

/** @internal An entry of a test's tar: text for a file, a header for anything else. */
export type ContextEntry = readonly [name: string, content: string | Uint8Array | Partial<Header>];

/** @internal A build context of these entries, in this order, names unchecked. */
export function makeContext(entries: readonly ContextEntry[]): () => Readable {
  return () => {
    const tar = pack();
    for (const [name, content] of entries) {
      if (typeof content === 'string' || content instanceof Uint8Array) {
        // Time and owner must not matter, so each run has others.
        tar.entry(
          { name, mode: 0o664, uid: Math.floor(Math.random() * 1000), mtime: new Date() },
          Buffer.from(content),
        );
      } else if (content.type === 'file') tar.entry({ name, ...content }, '');
      else tar.entry({ name, ...content });
    }
    tar.finalize();
    return Readable.from(tar, { objectMode: false });
  };
}
