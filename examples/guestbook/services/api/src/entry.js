import { z } from 'zod';

/**
 * What people may write into the guestbook. Surrounding blanks do not count.
 *
 * @param {number} messageMaxLength - in characters.
 */
export function entrySchema(messageMaxLength) {
  return z.strictObject({
    author: z
      .string('Please tell us your name')
      .trim()
      .min(1, 'Please tell us your name')
      .max(40, 'A name has 40 characters at most'),
    message: z
      .string('Please write a message')
      .trim()
      .min(1, 'Please write a message')
      .max(messageMaxLength, `A message has ${messageMaxLength} characters at most`),
  });
}

/** The first fault of each field, for people: `{ author: 'Please tell us your name' }`. */
export function faultsByField(error) {
  const faults = {};
  for (const issue of error.issues) faults[issue.path.join('.') || 'entry'] ??= issue.message;
  return faults;
}
