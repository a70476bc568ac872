// @ts-check
// The relay of one pod: the first process of its namespaces. It starts the container when told to, keeps its output, and joins
// the pod's loopback to the runtime by one Unix socket. It outlives the runtime; the next one connects to the same socket.
// Plain JavaScript beside `src`, so that sources and built files start the very same file.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

/** @typedef {{ socket: string, podDir: string, user?: { uid: number, gid: number }, logFiles: [string, string], maxLogBytes: number, hasNetwork: boolean, execPrefix: string[] }} Settings */
/** @typedef {{ phase: 'idle' | 'running' | 'exited', startedAt?: string, exitCode?: number, signal?: string, restarts: number }} Status */

const maxHeadBytes = 1_048_576;
const maxWaiting = 256;
const settings = readSettings();
/** @type {Status} */
let status = { phase: 'idle', restarts: 0 };
/** @type {import('node:child_process').ChildProcess | undefined} */
let container;
/** @type {number | undefined} */
let payloadPid;
/** @type {Set<net.Socket>} */
const controls = new Set();
/** @type {net.Socket[]} */
const parked = [];
/** @type {{ port: number, client: net.Socket }[]} */
const waiting = [];
/** @type {Map<number, net.Server>} */
const listeners = new Map();
const log = openLog();

process.on('SIGTERM', () => signalContainer('SIGTERM'));
process.on('SIGHUP', () => undefined);
process.on('SIGINT', () => undefined);
if (settings.hasNetwork) bringLoopbackUp();
fs.rmSync(settings.socket, { force: true });
net.createServer({ allowHalfOpen: true, pauseOnConnect: false }, greet).listen(settings.socket, () => {
  recordIdentity();
  dropPrivileges();
});

/** @returns {Settings} */
function readSettings() {
  return JSON.parse(fs.readFileSync(process.argv[2] ?? '', 'utf8'));
}

function bringLoopbackUp() {
  try {
    execFileSync('ip', ['link', 'set', 'lo', 'up'], { stdio: 'ignore' });
  } catch {
    // struct ifreq: 16 bytes of name, then flags IFF_UP|IFF_RUNNING; SIOCSIFFLAGS (netdevice(7)).
    const program = 'socket(S,2,2,0) or die; ioctl(S,0x8914,pack("a16sx14","lo",0x41)) or die $!';
    execFileSync('perl', ['-e', program], { stdio: 'ignore' });
  }
}

/** Fails when the pod's folder has been taken away: then nobody wants this relay any more. */
function recordIdentity() {
  // /proc belongs to the machine, so this is the pid that the runtime sees.
  const pid = Number(fs.readlinkSync('/proc/self'));
  const stat = fs.readFileSync('/proc/self/stat', 'utf8');
  const startedAtTicks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  const draft = path.join(settings.podDir, '.process.json');
  fs.writeFileSync(draft, JSON.stringify({ pid, startedAtTicks }));
  fs.renameSync(draft, path.join(settings.podDir, 'process.json'));
}

function dropPrivileges() {
  if (settings.user === undefined) return;
  process.setgroups?.([]);
  process.setgid?.(settings.user.gid);
  process.setuid?.(settings.user.uid);
}

/** @param {net.Socket} socket */
function greet(socket) {
  socket.on('error', () => socket.destroy());
  readHead(socket, (head) => {
    if (head.op === 'control') control(socket);
    else if (head.op === 'connect') inbound(socket, Number(head.port));
    else if (head.op === 'reverse') park(socket);
    else socket.destroy();
  });
}

/** Reads one JSON line and gives the rest back to the stream.
 * @param {net.Socket} socket @param {(head: any) => void} then */
function readHead(socket, then) {
  /** @type {Buffer} */
  let held = Buffer.alloc(0);
  const read = (/** @type {Buffer} */ chunk) => {
    held = Buffer.concat([held, chunk]);
    const end = held.indexOf(10);
    if (end < 0 && held.length <= maxHeadBytes) return;
    socket.off('data', read);
    socket.pause();
    if (end < 0) return socket.destroy();
    const rest = held.subarray(end + 1);
    if (rest.length > 0) socket.unshift(rest);
    try {
      then(JSON.parse(held.subarray(0, end).toString()));
    } catch {
      socket.destroy();
    }
  };
  socket.on('data', read);
}

/** @param {net.Socket} socket @param {number} port */
function inbound(socket, port) {
  const target = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  target.once('error', (/** @type {NodeJS.ErrnoException} */ error) => socket.end(`-${error.code ?? 'ERROR'}\n`));
  target.once('connect', () => {
    socket.write('+\n');
    join(socket, target);
  });
}

/** A connection that the runtime holds open until a process of the pod calls a Service.
 * @param {net.Socket} socket */
function park(socket) {
  const next = waiting.shift();
  if (next !== undefined) return carry(socket, next);
  parked.push(socket);
  socket.once('close', () => {
    const index = parked.indexOf(socket);
    if (index >= 0) parked.splice(index, 1);
  });
  socket.resume();
}

/** @param {net.Socket} socket @param {{ port: number, client: net.Socket }} call */
function carry(socket, call) {
  socket.write(`${JSON.stringify({ port: call.port })}\n`);
  join(socket, call.client);
}

/** @param {net.Socket} a @param {net.Socket} b */
function join(a, b) {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ]) {
    if (from === undefined || to === undefined) continue;
    from.on('error', () => to.destroy());
    // What is still to be written gets out; what still comes has no reader.
    from.on('close', () => to.end().resume());
    from.pipe(to);
  }
}

/** @param {number} port */
function openListener(port) {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    client.on('error', () => client.destroy());
    const socket = parked.shift();
    if (socket !== undefined) carry(socket, { port, client });
    else if (waiting.length < maxWaiting) waiting.push({ port, client });
    else client.destroy();
  });
  server.on('error', () => listeners.delete(port));
  server.listen(port, '127.0.0.1');
  listeners.set(port, server);
}

/** @param {net.Socket} socket */
function control(socket) {
  controls.add(socket);
  socket.once('close', () => controls.delete(socket));
  const next = () =>
    readHead(socket, (order) => {
      obey(order);
      next();
      socket.resume();
    });
  next();
  socket.resume();
  socket.write(`${JSON.stringify(status)}\n`);
}

/** @param {any} order */
function obey(order) {
  if (order.op === 'start') start(order);
  if (order.op === 'signal') signalContainer(order.signal);
  if (order.op === 'services' && settings.hasNetwork) serve(order.ports);
  if (order.op === 'exit') process.exit(0);
}

/** @param {number[]} ports */
function serve(ports) {
  for (const [port, server] of listeners) {
    if (ports.includes(port)) continue;
    server.close();
    listeners.delete(port);
  }
  for (const port of ports) if (!listeners.has(port)) openListener(port);
}

/** @param {{ argv: string[], cwd: string, env: Record<string, string>, hasInfo: boolean }} order */
function start(order) {
  if (container !== undefined) return;
  const [program = '', ...args] = [...settings.execPrefix, ...order.argv];
  const child = spawn(program, args, {
    cwd: order.cwd,
    env: order.env,
    stdio: ['ignore', 'pipe', 'pipe', ...(order.hasInfo ? /** @type {const} */ (['pipe']) : [])],
  });
  container = child;
  payloadPid = order.hasInfo ? undefined : child.pid;
  const restarts = status.startedAt === undefined ? 0 : status.restarts + 1;
  report({ phase: 'running', startedAt: new Date().toISOString(), restarts });
  keepOutput(child.stdout);
  keepOutput(child.stderr);
  readInfo(child.stdio[3]);
  child.once('error', (error) => {
    log(`cannot start: ${error.message}`);
    ended(child, 127, undefined);
  });
  child.once('exit', (code, signal) => ended(child, code ?? 128, signal ?? undefined));
}

/** bubblewrap tells the pid of what it runs; a signal to bubblewrap itself would end both at once.
 * @param {any} stream */
function readInfo(stream) {
  let text = '';
  stream?.on('error', () => undefined);
  stream?.on('data', (/** @type {Buffer} */ chunk) => {
    text = (text + chunk.toString()).slice(0, 4096);
    const pid = /"child-pid"\s*:\s*(\d+)/.exec(text)?.[1];
    if (pid !== undefined) payloadPid = Number(pid);
  });
}

/** @param {import('node:child_process').ChildProcess} child @param {number} exitCode @param {string | undefined} signal */
function ended(child, exitCode, signal) {
  if (container !== child) return;
  container = undefined;
  payloadPid = undefined;
  report({ phase: 'exited', startedAt: status.startedAt, exitCode, signal, restarts: status.restarts });
}

/** @param {NodeJS.Signals} signal */
function signalContainer(signal) {
  try {
    if (signal === 'SIGKILL') container?.kill('SIGKILL');
    if (payloadPid !== undefined && container !== undefined) process.kill(payloadPid, signal);
  } catch {
    // It has just ended, which is reported by itself.
  }
}

/** @param {any} next */
function report(next) {
  status = next;
  for (const socket of controls) socket.write(`${JSON.stringify(status)}\n`);
}

/** @param {import('node:stream').Readable | null} stream */
function keepOutput(stream) {
  let held = '';
  stream?.on('error', () => undefined);
  stream?.on('data', (/** @type {Buffer} */ chunk) => {
    const lines = (held + chunk.toString()).split('\n');
    held = lines.pop() ?? '';
    for (const line of lines) log(line);
    if (held.length > 16_384) {
      log(held);
      held = '';
    }
  });
  stream?.on('end', () => {
    if (held !== '') log(held);
  });
}

/** Two files in turn, opened before privileges go: the fuller one is emptied when its turn comes again. */
function openLog() {
  const files = settings.logFiles.map((file) => fs.openSync(file, 'a', 0o600));
  let current = 0;
  let written = 0;
  return (/** @type {string} */ line) => {
    const bytes = Buffer.from(`${new Date().toISOString()} ${line}\n`);
    if (written + bytes.length > settings.maxLogBytes) {
      current = 1 - current;
      written = 0;
      fs.ftruncateSync(files[current] ?? 0);
    }
    written += bytes.length;
    fs.writeSync(files[current] ?? 1, bytes);
  };
}
