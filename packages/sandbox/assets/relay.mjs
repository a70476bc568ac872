// Runs inside the sandbox: each argument PORT=SOCKET makes a loopback port that leads to a Unix socket of the server.
import { connect, createServer } from 'node:net';

const routes = process.argv.slice(2).map((argument) => {
  const [port, ...socket] = argument.split('=');
  return { port: Number(port), socket: socket.join('=') };
});

function listen({ port, socket }) {
  const server = createServer({ allowHalfOpen: true }, (inner) => {
    const outer = connect({ path: socket, allowHalfOpen: true });
    inner.on('error', () => outer.destroy());
    outer.on('error', () => inner.destroy());
    inner.on('close', () => outer.destroy());
    outer.on('close', () => inner.destroy());
    inner.pipe(outer);
    outer.pipe(inner);
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

await Promise.all(routes.map(listen));
process.stdout.write('ready\n');
