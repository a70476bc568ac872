/** What a person wrote as a sentence of its own: with one full stop at its end, whether they wrote it or not. */
export function asSentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
