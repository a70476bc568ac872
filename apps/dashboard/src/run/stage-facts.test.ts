import { expect, it } from 'vitest';
import { stageOf } from '../fake-server/answers.fixture.ts';
import { readStageFacts } from './stage-facts.ts';
import { layOutStages } from './stage-graph.ts';
import { stageToShow } from './run-words.ts';

it.each([
  { tests: 'many' },
  { totalPercent: '91' },
  { image: { manifest: { digest: 7 } } },
  { image: null, tests: null, uncovered: 'none' },
  { commit: 'abc', isChange: true },
])('leaves facts of another shape as they came: %j', (facts) => {
  const read = readStageFacts({ facts });

  expect(read).toEqual({ others: Object.entries(facts) });
});

it('shows the required stage that failed before an advisory one', () => {
  const advisory = stageOf('lint', { conclusion: 'failure', requirement: 'advisory' });
  const required = stageOf('test', { conclusion: 'failure' });

  expect(stageToShow([advisory, required])?.name).toBe('test');
  expect(stageToShow([stageOf('build'), advisory])?.name).toBe('lint');
  expect(stageToShow([])).toBeUndefined();
});

it('draws needs from left to right and none for a stage that is not there', () => {
  const { placed, edges } = layOutStages([stageOf('build'), stageOf('test', { needs: ['build', 'ghost'] })]);

  expect(edges.map(({ from, to }) => [from, to])).toEqual([['build', 'test']]);
  expect(edges[0]?.path).toMatch(/^M [\d. ]+(C [\d. ]+)+$/);
  expect(placed[1]?.x).toBeGreaterThan(placed[0]?.x ?? Number.POSITIVE_INFINITY);
});
