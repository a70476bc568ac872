const generatedPrefixes = ['Signed-off-by: ', '(cherry picked from commit '];

/**
 * The trailers of a message's last paragraph, continuation lines unfolded.
 *
 * As in Git, the last paragraph counts when all its lines are trailers, or when a quarter are and one of them is Git's own;
 * the title is never a trailer.
 *
 * @see git-interpret-trailers(1); trailer.c, `find_trailer_start`.
 */
export function parseTrailers(message: string): readonly (readonly [string, string])[] {
  const block = lastParagraph(message);
  if (block === undefined || !isTrailerBlock(block)) return [];
  const trailers: [string, string][] = [];
  let isInTrailer = false;
  for (const line of block) {
    const last = trailers.at(-1);
    if (/^\s/.test(line)) {
      if (isInTrailer && last !== undefined) last[1] = `${last[1]} ${line.trim()}`.trim();
      continue;
    }
    const trailer = splitTrailer(line);
    isInTrailer = trailer !== undefined;
    if (trailer !== undefined) trailers.push(trailer);
  }
  return trailers;
}

function lastParagraph(message: string): readonly string[] | undefined {
  const lines = message.replace(/\s+$/, '').split('\n');
  const start = lines.findLastIndex((line) => line.trim() === '');
  const isTitle = lines.slice(0, start + 1).every((line) => line.trim() === '');
  return isTitle ? undefined : lines.slice(start + 1).filter((line) => !line.startsWith('#'));
}

function isTrailerBlock(lines: readonly string[]): boolean {
  let trailers = 0;
  let others = 0;
  let isGenerated = false;
  let isInTrailer = false;
  for (const line of lines) {
    if (/^\s/.test(line)) {
      if (!isInTrailer) others += 1;
      continue;
    }
    const isOwn = generatedPrefixes.some((prefix) => line.startsWith(prefix));
    isInTrailer = isOwn || splitTrailer(line) !== undefined;
    isGenerated ||= isOwn;
    if (isInTrailer) trailers += 1;
    else others += 1;
  }
  return trailers > 0 && (others === 0 || (isGenerated && trailers * 3 >= others));
}

function splitTrailer(line: string): [string, string] | undefined {
  const match = /^([A-Za-z0-9-]+)[ \t]*:(.*)$/.exec(line);
  return match === null ? undefined : [match[1] ?? '', (match[2] ?? '').trim()];
}
