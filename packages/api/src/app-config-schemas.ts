import { z } from 'zod';

/** A commit of an app-config repository as an environment pins it. */
const pinView = z.object({ commit: z.string(), tree: z.string() });

/** What an environment reads: what is in force, what the branch pins, and the newest there is. */
export const appConfigView = z.object({
  application: z.string(),
  environment: z.string(),
  /** Absent when the delivery file names none. */
  repository: z.string().optional(),
  /** What is authorised there; `revision` is the config commit whose folder holds the files. */
  inForce: pinView.extend({ revision: z.string() }).optional(),
  /** At the head of the config branch; another one than in force while it waits. */
  pinned: pinView.optional(),
  /** Head of the app-config repository. */
  head: z.string().optional(),
  /** Of what is in force. */
  files: z.array(
    z.object({
      path: z.string(),
      sizeBytes: z.number().int(),
      /** Git's id of the content. */
      blob: z.string(),
      /** Absent for what is no text. */
      text: z.string().optional(),
    }),
  ),
});
export type AppConfigView = z.infer<typeof appConfigView>;

/** How what is in force differs from something else; empty when it does not. */
export const appConfigDiffView = z.object({
  application: z.string(),
  environment: z.string(),
  against: z.string(),
  files: z.array(z.object({ path: z.string(), change: z.enum(['added', 'removed', 'changed']), diff: z.string() })),
});
export type AppConfigDiffView = z.infer<typeof appConfigDiffView>;

/** A token that reads an application's config, and nothing else. */
export const configTokenBody = z.strictObject({
  /** Narrows it to one environment. */
  environment: z.string().max(63).optional(),
  label: z.string().min(1).max(200).default('config'),
});

/** Spring Cloud Config's `Environment` (its JSON): sources that come first win. */
export const springEnvironment = z.object({
  name: z.string(),
  profiles: z.array(z.string()),
  label: z.string().nullable(),
  /** Commit of the app-config repository. */
  version: z.string(),
  state: z.string().nullable(),
  propertySources: z.array(
    z.object({ name: z.string(), source: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])) }),
  ),
});
export type SpringEnvironment = z.infer<typeof springEnvironment>;
