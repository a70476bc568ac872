import { z } from 'zod';
import { weekdays } from '@slipway/domain';
import { branchField, clockField, durationField, nameField, pathField, timeZoneField } from './fields.ts';
import { strategyField } from './strategy-schema.ts';

const verification = z.strictObject({
  name: nameField,
  /** Code repository whose tests run, at the release's commit. */
  repository: nameField,
  commands: z.array(z.string().min(1).max(10_000)).min(1).max(20),
  services: z.array(nameField).max(50),
  timeout: durationField.optional(),
});

const dependency = z.strictObject({
  name: nameField,
  service: nameField,
  port: z.number().int().min(1).max(65_535).optional(),
  path: z.string().startsWith('/').max(500),
  field: z.string().min(1).max(200),
  /** Annotation of the overlay that names the value needed. */
  equalsAnnotation: z.string().min(1).max(253),
});

const windowTimes = z.strictObject({
  /** Days on which it begins; all when absent. */
  days: z.array(z.enum(weekdays)).min(1).max(7).optional(),
  from: clockField,
  /** At or before `from` means the next day. */
  to: clockField,
  timeZone: timeZoneField,
});

/** One of `allow` and `deny`: outside of every allow, or inside any deny, nothing is promoted. */
const promotionWindow = z
  .strictObject({ allow: windowTimes.optional(), deny: windowTimes.optional() })
  .refine(({ allow, deny }) => (allow === undefined) !== (deny === undefined), {
    error: 'write either allow or deny',
  });

const environment = z.strictObject({
  name: nameField,
  path: pathField,
  namespace: nameField,
  target: nameField.optional(),
  class: z.enum(['open', 'protected']).optional(),
  approvals: z.number().int().min(0).max(10).optional(),
  soak: durationField.optional(),
  rolloutDeadline: durationField.optional(),
  dependencies: z.array(dependency).max(20).optional(),
  verifications: z.array(verification).max(20).optional(),
  windows: z.array(promotionWindow).max(20).optional(),
  strategy: strategyField.optional(),
});
export type EnvironmentSource = z.output<typeof environment>;

/** `kind: Delivery`. */
export const deliverySchema = z.strictObject({
  apiVersion: z.literal('slipway.dev/v1alpha1'),
  kind: z.literal('Delivery'),
  metadata: z.strictObject({ name: nameField }),
  spec: z.strictObject({
    branch: branchField.optional(),
    updates: z.array(nameField).min(1).max(20),
    registries: z.array(z.string().min(1).max(255)).min(1).max(20),
    environments: z.array(environment).min(1).max(20),
    /** Repository (role `app-config`) with `APPLICATION/ENVIRONMENT/` files that the running app reads. */
    appConfig: z.strictObject({ repository: nameField }).optional(),
  }),
});
export type DeliverySource = z.output<typeof deliverySchema>;
