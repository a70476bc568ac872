import { requirements } from '@slipway/domain';
import { z } from 'zod';
import {
  branchField,
  durationField,
  environmentField,
  globField,
  hostField,
  imageNameField,
  nameField,
  pathField,
  sizeField,
} from './fields.ts';

const common = {
  name: nameField,
  needs: z.array(nameField).max(50).optional(),
  requirement: z.enum(requirements).optional(),
  timeout: durationField.optional(),
};

const commands = {
  commands: z.array(z.string().min(1).max(10_000)).min(1).max(50),
  workingDirectory: pathField.optional(),
  environment: environmentField.optional(),
  inputs: z.array(globField).max(200).optional(),
  outputs: z.record(nameField, pathField).optional(),
  network: z.array(hostField).max(50).optional(),
  maxOutput: sizeField.optional(),
};

const build = z.strictObject({ ...common, ...commands, kind: z.literal('build') });
const run = z.strictObject({ ...common, ...commands, kind: z.literal('run') });
const test = z.strictObject({
  ...common,
  ...commands,
  kind: z.literal('test'),
  reports: z.strictObject({ junit: pathField, coverage: pathField.optional() }),
});
const coverage = z.strictObject({
  ...common,
  kind: z.literal('coverage'),
  sources: z.array(globField).min(1).max(200),
  thresholds: z
    .strictObject({
      changed: z.number().min(0).max(100).optional(),
      total: z.number().min(0).max(100).optional(),
      ratchetTolerance: z.number().min(0).max(100).optional(),
    })
    .optional(),
});
const image = z.strictObject({
  inputs: z.array(globField).max(200).optional(),
  ...common,
  kind: z.literal('image'),
  dockerfile: pathField,
  image: imageNameField,
});
const publish = z.strictObject({ ...common, kind: z.literal('publish') });
const manifests = z.strictObject({
  ...common,
  kind: z.literal('manifests'),
  repository: nameField,
  branch: branchField.optional(),
  update: z.array(nameField).min(1).max(20),
});

/** A stage as people write it. */
export const stageSchema = z.discriminatedUnion('kind', [build, run, test, coverage, image, publish, manifests]);
export type StageSource = z.output<typeof stageSchema>;

/** A copy replaces the whole folder: that is never the root. */
const folderField = pathField.refine((text) => !text.split('/').some((part) => part === '' || part === '.'), {
  error: 'not a folder below the root; write it like services/web/app-config',
});

/** `kind: Pipeline`. */
export const pipelineSchema = z.strictObject({
  apiVersion: z.literal('slipway.dev/v1alpha1'),
  kind: z.literal('Pipeline'),
  metadata: z.strictObject({ name: nameField }),
  spec: z.strictObject({
    stages: z.array(stageSchema).min(1).max(100),
    /** App config that is built into the image: a commit there asks for a pull request that brings the copy up to it. */
    appConfig: z.strictObject({ repository: nameField, from: folderField, to: folderField }).optional(),
  }),
});
export type PipelineSource = z.output<typeof pipelineSchema>;
