/** Where programs are looked for: the PATH this process was started with, and the system's two folders without one. */
export function programPath(): string {
  return process.env['PATH'] ?? '/usr/bin:/bin';
}
