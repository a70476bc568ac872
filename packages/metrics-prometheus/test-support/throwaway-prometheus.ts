import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MetricsPlace } from '@slipway/ports';

const program = '/usr/bin/prometheus';

export const hasPrometheus = await access(program).then(
  () => true,
  () => false,
);

const boundsSeconds = [0.005, 0.05, 0.1, 0.25, 0.5, 1] as const;

/** What a place is to have answered, as the metrics that a program would show of itself. */
export class Exposition {
  // From the start at 0, as clients of Prometheus should: a counter that is first seen at 3 has not increased.
  readonly #codes = new Map<string, number>(['200', '404', '500', '503', '0'].map((code) => [code, 0]));
  readonly #buckets = new Map<number, number>(boundsSeconds.map((bound) => [bound, 0]));
  #count = 0;
  /** Scrapes so far. */
  scrapes = 0;

  record(status: number, durationMs: number): void {
    this.#codes.set(String(status), (this.#codes.get(String(status)) ?? 0) + 1);
    this.#count += 1;
    for (const [bound, count] of this.#buckets) if (durationMs / 1_000 <= bound) this.#buckets.set(bound, count + 1);
  }

  print({ namespace, service, deployment }: MetricsPlace): string {
    const labels = `namespace="${namespace}",service="${service}",deployment="${deployment}"`;
    const codes = [...this.#codes].map(([code, count]) => `http_requests_total{${labels},code="${code}"} ${count}`);
    const name = 'http_request_duration_seconds';
    const buckets = [...this.#buckets].map(([le, count]) => `${name}_bucket{${labels},le="${le}"} ${count}`);
    return [...codes, ...buckets, `${name}_bucket{${labels},le="+Inf"} ${this.#count}`, ''].join('\n');
  }
}

export interface ThrowawayPrometheus {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Debian's Prometheus on loopback, scraping `print` every 100 ms into a folder of its own. */
export async function startPrometheus(print: () => string): Promise<ThrowawayPrometheus> {
  const folder = await mkdtemp(path.join(tmpdir(), 'slipway-prometheus-'));
  const exporter = createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(print());
  });
  const target = await listen(exporter);
  const port = await freePort();
  const config = { global: { scrape_interval: '100ms', scrape_timeout: '100ms' }, scrape_configs: [scrape(target)] };
  // JSON is YAML.
  await writeFile(path.join(folder, 'prometheus.yml'), JSON.stringify(config));
  const child = spawn(
    program,
    [
      `--config.file=${path.join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${path.join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { cwd: folder, env: {}, stdio: 'ignore' },
  );
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    await Promise.race([ended, sleep(10_000).then(() => child.kill('SIGKILL'))]);
    exporter.closeAllConnections();
    await new Promise<void>((resolve) => exporter.close(() => resolve()));
    await rm(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 300; attempt++) {
    const isReady = await fetch(`${url}/-/ready`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isReady) return { url, close };
    await sleep(100);
  }
  await close();
  throw new Error('Prometheus did not start in 30 s');
}

function scrape(target: number): object {
  return { job_name: 'app', static_configs: [{ targets: [`127.0.0.1:${target}`] }] };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
