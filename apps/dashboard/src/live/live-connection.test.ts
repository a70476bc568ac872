import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FakeEventStream } from '../fake-server/fake-event-stream.ts';
import { cachedNounsOf } from './changed-nouns.ts';
import { connectLive } from './live-connection.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function connect() {
  const streams: FakeEventStream[] = [];
  const seen: string[] = [];
  const end = connectLive({
    open: () => {
      const stream = new FakeEventStream();
      streams.push(stream);
      return stream;
    },
    onChange: ({ noun, id }) => seen.push(`${noun} ${id}`),
    onLive: (hadGap) => seen.push(hadGap ? 'live after a gap' : 'live'),
    onLost: () => seen.push('lost'),
  });
  return { streams, seen, end };
}

it('is lost only after five seconds without an open stream', () => {
  const { streams, seen, end } = connect();
  streams[0]?.open();

  streams[0]?.break();
  vi.advanceTimersByTime(4_900);
  streams[0]?.open();
  streams[0]?.break();
  vi.advanceTimersByTime(5_000);

  expect(seen).toEqual(['live', 'live after a gap', 'lost']);
  end();
});

it('opens a new stream after a refusal, for a browser does not', () => {
  const { streams, seen, end } = connect();

  streams[0]?.break(true);
  vi.advanceTimersByTime(5_000);
  streams[1]?.open();

  expect(streams).toHaveLength(2);
  expect(seen).toEqual(['lost', 'live']);
  end();
});

it('opens nothing more once it has ended', () => {
  const { streams, seen, end } = connect();
  streams[0]?.break(true);

  end();
  vi.advanceTimersByTime(60_000);

  expect(streams).toHaveLength(1);
  expect(streams[0]?.isClosed).toBe(true);
  expect(seen).toEqual([]);
});

it('passes changes on and ignores what is none', () => {
  const { streams, seen, end } = connect();

  for (const data of ['{', 'null', '{"noun":1,"id":"x"}', '{"noun":"pipelineRun","id":"r1"}']) {
    streams[0]?.change(data);
  }

  expect(seen).toEqual(['pipelineRun r1']);
  end();
});

it('reads everything again for a noun it does not know, also one named like a method', () => {
  expect(cachedNounsOf('stageRun')).toContain('run');
  expect(cachedNounsOf('stageRun')).not.toContain('inbox');
  expect(cachedNounsOf('somethingNew')).toContain('inbox');
  expect(cachedNounsOf('toString')).toContain('inbox');
});
