// A config repository of 4 overlays and 40 applications behind a real smart-HTTP remote on the loopback.
import { cp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { createSmartHttpHandler, startReceiveHooks } from '@slipway/forge';
import { createGitHost } from '@slipway/git';
import { socketFolder } from '@slipway/host';

export const overlays = ['dev', 'qa', 'stage', 'prod'];
export const applications = Array.from({ length: 40 }, (_, index) => `app-${String(index).padStart(2, '0')}`);
export const person = { name: 'Ada', email: 'ada@example.org' };
const token = 'bench-token';

/** The edits go round: no two writers at work have the same file, which is the script's best case. */
export function placeOf(number) {
  const place = number % (overlays.length * applications.length);
  const application = applications[place % applications.length];
  return { application, folder: `overlays/${overlays[Math.floor(place / applications.length)]}/${application}` };
}

export async function makeTemplate(folder, history) {
  const repository = await createGitHost().create(path.join(folder, 'template.git'));
  const changes = overlays.flatMap((overlay) =>
    applications.map((application) => {
      const text = `# Owned by the team of ${application}.\nresources: [../../../base/${application}]\nimages:\n  - name: ${application}\n    newTag: "0"\n`;
      return { path: `overlays/${overlay}/${application}/kustomization.yaml`, content: Buffer.from(text) };
    }),
  );
  const plan = { author: person, committer: person, at: new Date().toISOString() };
  const older = Array.from({ length: history }, (_, index) => ({
    ...plan,
    message: `Set image ${index}\n\nSlipway-Change: old-${index}\n`,
    changes: [{ path: 'notes.md', content: Buffer.from(`${index}\n`) }],
  }));
  const commits = await repository.commitChain(undefined, [{ ...plan, message: 'Start\n', changes }, ...older]);
  await repository.updateRef('refs/heads/main', commits.at(-1), undefined);
  return repository.gitDir;
}

export async function startRemote(folder, template) {
  const git = createGitHost();
  const faults = [];
  const hooks = await startReceiveHooks({ stateDir: folder, git, onFault: (error) => faults.push(error) });
  let pushes = 0;
  const handler = createSmartHttpHandler({
    prefix: '/git',
    hooks,
    openRepository: async (name) => {
      const gitDir = path.join(folder, `${name}.git`);
      return (await stat(gitDir).catch(() => undefined)) === undefined ? undefined : { gitDir };
    },
    authorise: async ({ credentials }) =>
      credentials?.token === token ? { kind: 'allowed', account: 'writer' } : { kind: 'unauthenticated' },
    decideReceive: async () => ({ kind: 'accepted' }),
    onPushed: async () => void (pushes += 1),
    onFault: (error) => faults.push(error),
  });
  const server = createServer((request, response) => void handler(request, response));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${server.address().port}`;
  return {
    git,
    faults,
    pushes: () => pushes,
    async repository(name) {
      const gitDir = path.join(folder, `${name}.git`);
      await cp(template, gitDir, { recursive: true });
      return git.open(gitDir);
    },
    remote: (name) => ({
      url: `http://${host}/git/${name}.git`,
      credential: { username: 'writer', password: token },
    }),
    scriptUrl: (name) => `http://writer:${token}@${host}/git/${name}.git`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await hooks.close();
      await rm(socketFolder(folder, 'forge'), { recursive: true, force: true });
    },
  };
}
