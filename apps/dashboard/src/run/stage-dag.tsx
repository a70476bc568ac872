import type { StageView } from '@slipway/api';
import {
  BaseEdge,
  type Edge,
  type EdgeProps,
  Handle,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from '@xyflow/react';
import '@xyflow/react/dist/base.css';
import { useMemo } from 'react';
import { StageButton } from './stage-button.tsx';
import { layOutStages, nodeSize } from './stage-graph.ts';
import css from './run.module.css';

interface StageDagProps {
  readonly stages: readonly StageView[];
  readonly selected: string | undefined;
  readonly onSelect: (stage: string) => void;
}

type StageNode = Node<
  { readonly stage: StageView; readonly isSelected: boolean; readonly onSelect: (stage: string) => void },
  'stage'
>;

/** The stages as a graph on wide screens and as a list on narrow ones; both are buttons. */
export function StageDag({ stages, selected, onSelect }: StageDagProps) {
  return (
    <>
      <Drawing stages={stages} selected={selected} onSelect={onSelect} />
      <ol className={css['stageList']} aria-label="Stages">
        {stages.map((stage) => (
          <li key={stage.name}>
            <StageButton stage={stage} isSelected={stage.name === selected} onSelect={onSelect} />
          </li>
        ))}
      </ol>
    </>
  );
}

const nodeTypes = { stage: DrawnStage };
const edgeTypes = { need: DrawnNeed };

type NeedEdge = Edge<{ readonly path: string }, 'need'>;

function Drawing({ stages, selected, onSelect }: StageDagProps) {
  const graph = useMemo(() => layOutStages(stages), [stages]);
  const nodes: StageNode[] = graph.placed.map(({ stage, x, y }) => ({
    id: stage.name,
    type: 'stage',
    position: { x, y },
    ...nodeSize,
    data: { stage, isSelected: stage.name === selected, onSelect },
  }));
  const edges: NeedEdge[] = graph.edges.map(({ from, to, path }) => ({
    id: `${from} ${to}`,
    type: 'need',
    data: { path },
    source: from,
    target: to,
    animated: graph.placed.some(({ stage }) => stage.name === to && stage.phase === 'running'),
    focusable: false,
  }));
  // Drawn anew when the shape changes, so that it is fitted again; not on every change of a stage.
  const shape = graph.placed.map(({ stage, x, y }) => `${stage.name} ${x} ${y}`).join();
  return (
    <div className={css['dag']} style={{ height: Math.min(460, Math.max(120, graph.height + 48)) }}>
      <ReactFlow
        key={shape}
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        fitView
        fitViewOptions={{ padding: 0.04, maxZoom: 1 }}
        minZoom={0.3}
        maxZoom={1.5}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        zoomOnScroll={false}
        preventScrolling={false}
        zoomOnDoubleClick={false}
        aria-label="Stages of the run and their needs"
      />
    </div>
  );
}

function DrawnStage({ data }: NodeProps<StageNode>) {
  return (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <StageButton stage={data.stage} isSelected={data.isSelected} onSelect={data.onSelect} />
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </>
  );
}

function DrawnNeed({ data }: EdgeProps<NeedEdge>) {
  return <BaseEdge path={data?.path ?? ''} />;
}
