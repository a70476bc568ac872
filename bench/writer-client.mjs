// One edit by a process of its own, as the command line makes it without a server.
import { setImageInRepository } from '@slipway/delivery/set-image';
import { createGitHost } from '@slipway/git';

const task = JSON.parse(process.argv[2] ?? '{}');
const landed = await setImageInRepository({ ...task, git: createGitHost(), now: () => new Date().toISOString() });
process.stdout.write(`${JSON.stringify(landed)}\n`);
