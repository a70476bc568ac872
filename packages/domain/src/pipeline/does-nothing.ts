/** Parts of a shell line that end well whatever the change is. */
const idle = /^(?:true|:|exit(?:\s+0)?|(?:echo|printf)\b[^`$<>|&]*|)$/;

/** Whether commands plainly prove nothing: only such parts and comments. What looks like work counts as work. */
export function doesNothing(commands: readonly string[]): boolean {
  return commands
    .flatMap((command) => command.split(/&&|\|\||[;\n&|]/))
    .every((part) => idle.test(part.replace(/(?:^|\s)#.*$/, '').trim()));
}
