import { z } from 'zod';
import { branchField, durationField, nameField, pathField } from './fields.ts';

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
  strategy: z.enum(['rolling']).optional(),
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
  }),
});
export type DeliverySource = z.output<typeof deliverySchema>;
