import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Files that no program reads at run time. */
const unread = /\.(?:[cm]?ts|map)$/;

/**
 * Fills `dist/` of a workspace with all that its image needs, as real files: its manifest, its `src/`, and the packages
 * that its `dependencies` reach, each once, nested only where two versions of one name meet.
 *
 * @param {string} workspace - folder of the service.
 * @returns {string[]} the packages copied, as paths inside `dist/`, sorted.
 * @throws {Error} when a package is not installed.
 */
export function bundle(workspace) {
  const root = realpathSync(workspace);
  const dist = join(root, 'dist');
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  cpSync(join(root, 'package.json'), join(dist, 'package.json'));
  cpSync(join(root, 'src'), join(dist, 'src'), { recursive: true });
  return placePackages(root, dist);
}

function placePackages(root, dist) {
  /** Folder in `dist` to the installed folder that it is a copy of. */
  const placed = new Map([[dist, root]]);
  // A map is walked in the order of insertion, entries added meanwhile included: breadth first.
  for (const [folder, source] of placed) {
    for (const name of runtimeDependencies(source)) {
      const installed = findInstalled(name, source);
      if (installed === undefined) throw new Error(`${name}, needed by ${source}, is not installed: run npm ci`);
      const seen = nearest(placed, folder, dist, name);
      if (seen !== undefined && placed.get(seen) === installed) continue;
      const target = join(seen === undefined ? dist : folder, 'node_modules', name);
      placed.set(target, installed);
      copyPackage(installed, target);
    }
  }
  placed.delete(dist);
  return [...placed.keys()].map((folder) => relative(dist, folder)).sort();
}

/** Names a package cannot do without: its dependencies and the peers that are not optional; optional ones if installed. */
function runtimeDependencies(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {}, optionalDependencies = {} } = manifest;
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true);
  const names = new Set([...Object.keys(dependencies), ...peers]);
  for (const name of Object.keys(optionalDependencies)) {
    if (findInstalled(name, folder) === undefined) names.delete(name);
    else names.add(name);
  }
  return [...names].sort();
}

/** As Node looks for it: in `node_modules` of this folder and of each above. */
function findInstalled(name, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (basename(folder) !== 'node_modules' && existsSync(join(candidate, 'package.json')))
      return realpathSync(candidate);
    if (folder === dirname(folder)) return undefined;
  }
}

/** The copy that `folder` would load: the nearest one at or above it, up to `dist`. */
function nearest(placed, folder, dist, name) {
  for (let at = folder; ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', name);
    if (placed.has(candidate)) return candidate;
    if (at === dist) return undefined;
  }
}

function copyPackage(source, target) {
  cpSync(source, target, {
    recursive: true,
    dereference: true,
    filter: (path) => !unread.test(path) && relative(source, path).split('/')[0] !== 'node_modules',
  });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(resolve(process.argv[1])).href) {
  const packages = bundle(process.cwd());
  process.stdout.write(`dist/ holds src and ${packages.length} packages\n`);
}
