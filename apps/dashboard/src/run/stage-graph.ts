import type { StageView } from '@slipway/api';
import { Graph, type GraphLabel, layout } from '@dagrejs/dagre';

export const nodeSize = { width: 158, height: 64 } as const;

/** Where a stage stands in the drawing; pixels from the upper left corner. */
export interface PlacedStage {
  readonly stage: StageView;
  readonly x: number;
  readonly y: number;
}

export interface StageGraph {
  readonly placed: readonly PlacedStage[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  readonly width: number;
  readonly height: number;
}

/** What the layout reads, and writes the middle of. */
interface DrawnNode {
  readonly width: number;
  readonly height: number;
  x?: number;
  y?: number;
}

/** Lays the stages out from left to right along their needs. A need that is no stage of the run draws nothing. */
export function layOutStages(stages: readonly StageView[]): StageGraph {
  const names = new Set(stages.map(({ name }) => name));
  const edges = stages.flatMap((stage) =>
    stage.needs.filter((need) => names.has(need)).map((need) => ({ from: need, to: stage.name })),
  );
  const graph = new Graph<GraphLabel, DrawnNode>();
  graph.setGraph({ rankdir: 'LR', nodesep: 18, ranksep: 24, marginx: 4, marginy: 4 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const stage of stages) graph.setNode(stage.name, { ...nodeSize });
  for (const edge of edges) graph.setEdge(edge.from, edge.to);
  layout(graph);
  const placed = stages.map((stage) => {
    const { x = 0, y = 0 } = graph.node(stage.name);
    return { stage, x: x - nodeSize.width / 2, y: y - nodeSize.height / 2 };
  });
  return {
    placed,
    edges,
    width: Math.max(0, ...placed.map(({ x }) => x + nodeSize.width)),
    height: Math.max(0, ...placed.map(({ y }) => y + nodeSize.height)),
  };
}
