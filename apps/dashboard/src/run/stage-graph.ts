import type { StageView } from '@slipway/api';
import { Graph, type GraphLabel, layout } from '@dagrejs/dagre';

export const nodeSize = { width: 158, height: 64 } as const;

/** Where a stage stands in the drawing; pixels from the upper left corner. */
export interface PlacedStage {
  readonly stage: StageView;
  readonly x: number;
  readonly y: number;
}

/** A need, drawn from stage to stage around those between. */
export interface StageEdge {
  readonly from: string;
  readonly to: string;
  /** SVG path. */
  readonly path: string;
}

export interface StageGraph {
  readonly placed: readonly PlacedStage[];
  readonly edges: readonly StageEdge[];
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

interface DrawnEdge {
  points?: readonly Point[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Lays the stages out from left to right along their needs. A need that is no stage of the run draws nothing. */
export function layOutStages(stages: readonly StageView[]): StageGraph {
  const names = new Set(stages.map(({ name }) => name));
  const needs = stages.flatMap((stage) =>
    stage.needs.filter((need) => names.has(need)).map((need) => ({ from: need, to: stage.name })),
  );
  const graph = new Graph<GraphLabel, DrawnNode, DrawnEdge>();
  graph.setGraph({ rankdir: 'LR', nodesep: 18, ranksep: 24, marginx: 4, marginy: 4 });
  for (const stage of stages) graph.setNode(stage.name, { ...nodeSize });
  for (const { from, to } of needs) graph.setEdge(from, to, {});
  layout(graph);
  const placed = stages.map((stage) => {
    const { x, y } = middleOf(graph, stage.name);
    return { stage, x: x - nodeSize.width / 2, y: y - nodeSize.height / 2 };
  });
  return {
    placed,
    edges: needs.map(({ from, to }) => ({ from, to, path: drawEdge(graph, from, to) })),
    width: Math.max(0, ...placed.map(({ x }) => x + nodeSize.width)),
    height: Math.max(0, ...placed.map(({ y }) => y + nodeSize.height)),
  };
}

/** From the middle of a side to the middle of a side, through the points that the layout kept free between them. */
function drawEdge(graph: Graph<GraphLabel, DrawnNode, DrawnEdge>, from: string, to: string): string {
  const [start, end] = [middleOf(graph, from), middleOf(graph, to)];
  const between = (graph.edge(from, to).points ?? []).slice(1, -1);
  const first: Point = { x: start.x + nodeSize.width / 2, y: start.y };
  let last = first;
  const curves = [...between, { x: end.x - nodeSize.width / 2, y: end.y }].map((point) => {
    const x = (last.x + point.x) / 2;
    const curve = `C ${x} ${last.y} ${x} ${point.y} ${point.x} ${point.y}`;
    last = point;
    return curve;
  });
  return [`M ${first.x} ${first.y}`, ...curves].join(' ');
}

function middleOf(graph: Graph<GraphLabel, DrawnNode, DrawnEdge>, stage: string): Point {
  const { x = 0, y = 0 } = graph.node(stage);
  return { x, y };
}
