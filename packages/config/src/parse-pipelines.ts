import { DomainError, type Name, orderStages, type PipelineDefinition, type StageDefinition } from '@slipway/domain';
import { ConfigError } from './config-error.ts';
import { defaults } from './defaults.ts';
import type { Fault } from './fault.ts';
import { parseYaml, type ParsedYaml } from './parse-yaml.ts';
import { pipelineSchema, type PipelineSource, type StageSource } from './pipeline-schema.ts';
import { validateDocument } from './validate-document.ts';

/**
 * Reads a `slipway.yaml` of a code repository: one document a pipeline.
 *
 * @throws {@link ConfigError} `CONFIG_INVALID` with every fault of the file.
 */
export function parsePipelines(text: string, file: string): readonly PipelineDefinition[] {
  const parsed = parseYaml(text, file);
  const results = parsed.documents.map((document) => validateDocument(document, pipelineSchema, parsed));
  const sources = results.flatMap((result) => (result.value === undefined ? [] : [result.value]));
  const faults = [...parsed.faults, ...results.flatMap((result) => result.faults)];
  const wholeFaults =
    faults.length > 0
      ? faults
      : [...duplicateNames(sources, parsed), ...sources.flatMap((source, at) => graphFaults(source, at, parsed))];
  if (wholeFaults.length > 0) throw new ConfigError(file, wholeFaults);
  return sources.map(toDefinition);
}

function duplicateNames(sources: readonly PipelineSource[], parsed: ParsedYaml): readonly Fault[] {
  return sources.flatMap((source, at) => {
    const isSecond = sources.findIndex((other) => other.metadata.name === source.metadata.name) < at;
    return isSecond
      ? [faultIn(parsed, at, 'metadata.name', `pipeline ${source.metadata.name} stands twice in this file`)]
      : [];
  });
}

function graphFaults(source: PipelineSource, at: number, parsed: ParsedYaml): readonly Fault[] {
  const { stages } = source.spec;
  const names = new Set<Name>();
  const faults: Fault[] = [];
  stages.forEach((stage, index) => {
    const path = `spec.stages[${index}]`;
    if (names.has(stage.name)) faults.push(faultIn(parsed, at, `${path}.name`, `stage ${stage.name} stands twice`));
    names.add(stage.name);
  });
  stages.forEach((stage, index) => {
    for (const need of stage.needs ?? []) {
      if (!names.has(need))
        faults.push(faultIn(parsed, at, `spec.stages[${index}].needs`, `there is no stage ${need} in this pipeline`));
    }
  });
  if (faults.length > 0) return faults;
  try {
    orderStages(stages.map((stage) => ({ name: stage.name, needs: stage.needs ?? [] })));
  } catch (error) {
    if (error instanceof DomainError) return [faultIn(parsed, at, 'spec.stages', error.message)];
    throw error;
  }
  return stages.flatMap((stage, index) =>
    kindFaults(stage, stages).map((message) => faultIn(parsed, at, `spec.stages[${index}]`, message)),
  );
}

/** What a kind needs of the stages before it. */
const needsKind: Partial<Record<StageSource['kind'], StageSource['kind']>> = {
  coverage: 'test',
  publish: 'image',
  manifests: 'publish',
};

function kindFaults(stage: StageSource, stages: readonly StageSource[]): readonly string[] {
  const wanted = needsKind[stage.kind];
  if (wanted === undefined) return [];
  const needed = stages.filter((other) => (stage.needs ?? []).includes(other.name));
  if (needed.filter((other) => other.kind === wanted).length === 1) return [];
  return [`a ${stage.kind} stage needs exactly one ${wanted} stage in its \`needs\``];
}

function faultIn(parsed: ParsedYaml, document: number, path: string, message: string): Fault {
  const keys = path.split(/[.[\]]+/).filter((part) => part !== '');
  const node: unknown = parsed.documents[document]?.getIn(
    keys.map((key) => (/^\d+$/.test(key) ? Number(key) : key)),
    true,
  );
  const offset =
    (node as { range?: readonly number[] } | undefined)?.range?.[0] ?? parsed.documents[document]?.range[0] ?? 0;
  const { line, col } = parsed.lines.linePos(offset);
  return { file: parsed.file, line: Math.max(1, line), column: Math.max(1, col), path, message };
}

function toDefinition(source: PipelineSource): PipelineDefinition {
  const { appConfig, stages } = source.spec;
  const definition = { name: source.metadata.name, stages: orderStages(stages.map(toStage)) };
  return appConfig === undefined ? definition : { ...definition, appConfig };
}

function toStage(stage: StageSource): StageDefinition {
  const hasCommands = 'commands' in stage;
  return {
    name: stage.name,
    kind: stage.kind,
    needs: stage.needs ?? [],
    requirement: stage.requirement ?? 'required',
    commands: hasCommands ? stage.commands : [],
    workingDirectory: (hasCommands ? stage.workingDirectory : undefined) ?? '',
    environment: (hasCommands ? stage.environment : undefined) ?? {},
    inputs: ('inputs' in stage ? stage.inputs : undefined) ?? [],
    outputs: (hasCommands ? stage.outputs : undefined) ?? {},
    network: (hasCommands ? stage.network : undefined) ?? [],
    timeoutMs: stage.timeout ?? defaults.stageTimeoutMs,
    maxOutputBytes: (hasCommands ? stage.maxOutput : undefined) ?? defaults.stageMaxOutputBytes,
    isOnlyOnBranches: stage.kind === 'image' || stage.kind === 'publish' || stage.kind === 'manifests',
    options: optionsOf(stage),
  };
}

function optionsOf(stage: StageSource): StageDefinition['options'] {
  switch (stage.kind) {
    case 'test':
      return { reports: stage.reports };
    case 'coverage':
      return { sources: stage.sources, thresholds: { ...defaults.coverage, ...stage.thresholds } };
    case 'image':
      return { dockerfile: stage.dockerfile, image: stage.image };
    case 'manifests':
      return { repository: stage.repository, branch: stage.branch ?? defaults.branch, update: stage.update };
    default:
      return {};
  }
}
