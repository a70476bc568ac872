import { z } from 'zod';
import { deliverySchema } from './delivery-schema.ts';
import { pipelineSchema } from './pipeline-schema.ts';

/** JSON Schemas (draft-07) of what people write, for their editors; by file name. */
export function jsonSchemas(): Readonly<Record<string, unknown>> {
  const print = (schema: z.ZodType): unknown =>
    z.toJSONSchema(schema, { target: 'draft-07', io: 'input', unrepresentable: 'any' });
  return { 'pipeline.schema.json': print(pipelineSchema), 'delivery.schema.json': print(deliverySchema) };
}
