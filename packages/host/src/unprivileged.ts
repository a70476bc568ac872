/** A uid and gid that code of others runs under. */
export interface UnprivilegedUser {
  readonly uid: number;
  readonly gid: number;
}

/** Bare numeric uids for what is not ours; they need no passwd entry and meet no account of the machine. */
const firstUid = { stage: 210_000, pod: 220_000, build: 230_000 } as const;
const slots = 9_000;

/**
 * The user for a slot of stages or pods, when we are root; absent otherwise: everything runs as the caller then,
 * and whoever records the run says so.
 *
 * @param slot - 0 and up; two things that run at once have two slots.
 */
export function unprivilegedUser(kind: keyof typeof firstUid, slot: number): UnprivilegedUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = firstUid[kind] + (slot % slots);
  return { uid: id, gid: id };
}
