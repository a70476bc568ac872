/** One thing wrong in a file, where a person finds it. */
export interface Fault {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
  /** Such as `spec.stages[1].timeout`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
}

/** `file:line:column: path: message`, as editors and terminals understand it. */
export function printFault(fault: Fault): string {
  const path = fault.path === '' ? '' : `${fault.path}: `;
  return `${fault.file}:${fault.line}:${fault.column}: ${path}${fault.message}`;
}
