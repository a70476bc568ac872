import { type Branch, DomainError, isName, type Name, parseBranch, parseImageReference } from '@slipway/domain';
import { z } from 'zod';

/** Fields that several kinds of files share: what people write on the left, what the domain has on the right. */

export const nameField: z.ZodType<Name, string> = z
  .string()
  .refine((text) => isName(text), { error: 'not a name; use lower-case letters, digits and dashes, 63 at most' });

export const branchField: z.ZodType<Branch, string> = z.string().transform((text, context): Branch => {
  try {
    return parseBranch(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof DomainError ? error.message : 'not a branch name' });
    return z.NEVER;
  }
});

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `30s`, `5m`, `1h`, `2d` to milliseconds. */
export const durationField = z.string().transform((text, context): number => {
  const match = /^(\d{1,6})(ms|s|m|h|d)$/.exec(text);
  const unit = match?.[2] === undefined ? undefined : units[match[2]];
  if (match === null || unit === undefined) {
    context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is not a duration; write 30s, 5m or 1h` });
    return z.NEVER;
  }
  return Number(match[1]) * unit;
});

/** `09:30`, `24:00` to minutes after midnight. */
export const clockField = z.string().transform((text, context): number => {
  const match = /^(\d{2}):(\d{2})$/.exec(text);
  const minutes = match === null ? Number.NaN : Number(match[1]) * 60 + Number(match[2]);
  if (match === null || Number(match[2]) > 59 || minutes > 1440) {
    context.addIssue({
      code: 'custom',
      message: `${JSON.stringify(text)} is not a time of day; write it in quotes: "09:30"`,
    });
    return z.NEVER;
  }
  return minutes;
});

/** A zone of the IANA database, such as `Europe/Zurich`. */
export const timeZoneField = z.string().max(100).refine(isTimeZone, {
  error: 'not a time zone; write a name of the IANA database, such as Europe/Zurich or UTC',
});

function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

const sizeUnits: Readonly<Record<string, number>> = { Ki: 1024, Mi: 1_048_576, Gi: 1_073_741_824 };

/** `64Ki`, `10Mi`, `1Gi` to bytes. */
export const sizeField = z.string().transform((text, context): number => {
  const match = /^(\d{1,6})(Ki|Mi|Gi)$/.exec(text);
  const unit = match?.[2] === undefined ? undefined : sizeUnits[match[2]];
  if (match === null || unit === undefined) {
    context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is not a size; write 64Ki, 10Mi or 1Gi` });
    return z.NEVER;
  }
  return Number(match[1]) * unit;
});

/** A path inside the repository: relative, `/` between parts, no `..`. */
export const pathField = z
  .string()
  .refine(
    (text) =>
      text !== '' &&
      !text.startsWith('/') &&
      !text.includes('\0') &&
      !text.includes('\\') &&
      !text.split('/').includes('..'),
    {
      error: 'not a path inside the repository; write it relative to its root, without ..',
    },
  )
  .transform((text) => text.replace(/^\.\//, '').replace(/\/+$/, ''));

/** A glob over repository paths: `*` inside one folder, `**` over folders. */
export const globField = z
  .string()
  .min(1)
  .max(500)
  .refine((text) => !text.startsWith('/') && !text.split('/').includes('..'), {
    error: 'not a glob inside the repository',
  });

/** `host:port`, `*.host:port`, or `npm`: the package registry that the server is configured with. */
export const hostField = z.string().regex(/^(npm|(\*\.)?[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?:\d{1,5})$/, {
  error: 'not host:port; write registry.example.com:443, or npm for the configured package registry',
});

/** Names of variables; those that change how programs are loaded are refused (ci.md A14). */
export const environmentField = z.record(
  z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'not a variable name' })
    .refine((name) => !/^(LD_|DYLD_|BASH_ENV$|ENV$|PATH$|HOME$|GIT_)/.test(name), {
      error: 'this variable is set by Slipway or unsafe to set',
    }),
  z.string().max(32_768),
);

/** An image's path in the registry, without tag or digest. */
export const imageNameField = z
  .string()
  .refine(isImageName, { error: 'not an image name; write it without tag and digest, such as guestbook/web' });

function isImageName(text: string): boolean {
  try {
    const reference = parseImageReference(text);
    return reference.tag === undefined && reference.digest === undefined;
  } catch {
    return false;
  }
}
