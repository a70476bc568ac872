import type { Socket } from 'node:net';

/** Carries bytes both ways until both ends are done; an error of one ends the other. */
export function joinSockets(a: Socket, b: Socket): void {
  joinOneWay(a, b);
  joinOneWay(b, a);
}

function joinOneWay(from: Socket, to: Socket): void {
  from.on('error', () => to.destroy());
  // What is still to be written gets out; what still comes has no reader.
  from.on('close', () => to.end().resume());
  from.pipe(to);
}
