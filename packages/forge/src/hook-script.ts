/**
 * The program behind the pre-receive hook. It says no unless the server says yes: a lost connection, a strange answer,
 * an exception and a time-out all end with a refusal.
 *
 * Plain CommonJS in a string: it is written into a folder of its own, where nothing of ours can be imported.
 */
export const hookProgram = `'use strict';
const net = require('node:net');
const env = process.env;
let text = '';
let isDone = false;
function end(code, message) {
  if (isDone) return;
  isDone = true;
  if (message) process.stderr.write(message.endsWith('\\n') ? message : message + '\\n');
  process.exitCode = code;
  setTimeout(() => process.exit(code), 50).unref();
  if (socket) socket.destroy();
}
let socket;
process.on('uncaughtException', () => end(1, 'slipway: the push could not be checked, so it is refused'));
setTimeout(() => end(1, 'slipway: the check took too long, so the push is refused'), 120000).unref();
process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk) => {
  text += chunk;
  if (text.length > 4194304) end(1, 'slipway: too many refs in one push');
});
process.stdin.on('end', () => {
  if (isDone) return;
  const count = Number(env.GIT_PUSH_OPTION_COUNT || 0);
  const pushOptions = Array.from({ length: Math.min(count, 64) }, (_, index) => env['GIT_PUSH_OPTION_' + index] || '');
  const question = { secret: env.SLIPWAY_PUSH_SECRET, updates: text, quarantine: env.GIT_QUARANTINE_PATH, pushOptions };
  let answer = '';
  socket = net.connect(env.SLIPWAY_PUSH_SOCKET || '/nonexistent');
  socket.setEncoding('utf8');
  socket.on('connect', () => socket.write(JSON.stringify(question) + '\\n'));
  socket.on('data', (chunk) => { answer += chunk; if (answer.length > 1048576) end(1, 'slipway: no answer'); });
  socket.on('error', () => end(1, 'slipway: the server does not answer, so the push is refused'));
  socket.on('close', () => {
    let verdict = {};
    try { verdict = JSON.parse(answer) || {}; } catch { }
    const said = typeof verdict.text === 'string' ? verdict.text : '';
    if (verdict.verdict === 'accepted') end(0, said);
    else end(1, said || 'slipway: the push could not be checked, so it is refused');
  });
});
`;

/** Git starts hooks by name, and knows no arguments. */
export function hookStarter(node: string, program: string): string {
  return `#!/bin/sh\nexec ${shellQuote(node)} ${shellQuote(program)}\n`;
}

function shellQuote(text: string): string {
  return `'${text.replace(/'/g, `'\\''`)}'`;
}
