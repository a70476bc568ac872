import { joinInside } from '@slipway/host';
import type { ExecutionRequest, IsolationFacts } from '@slipway/ports';
import { SandboxError } from './sandbox-error.ts';

/** Variables that the executor sets itself. */
const ownVariables = /^(?:PATH|HOME|TMPDIR|PWD|OLDPWD|SLIPWAY_STAGE|(?:npm_config_)?(?:https?|no)_?proxy|all_proxy)$/i;
/** Variables that put code into every program or shell started (CI attack class A14), or change how ours behave. */
const loaderVariables =
  /^(?:LD_.*|GLIBC_TUNABLES|GCONV_PATH|LOCPATH|BASH_ENV|BASH_FUNC_.*|ENV|SHELLOPTS|BASHOPTS|IFS|PS4|TAR_OPTIONS|PERL5OPT|PERL5LIB|PERL5DB)$/;
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const outputName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/**
 * Refuses what may not run at all, before anything is made on disk.
 *
 * @throws {@link SandboxError} `SANDBOX_REQUIRED`, `SANDBOX_ENVIRONMENT_REFUSED` or `SANDBOX_REQUEST_REFUSED`.
 */
export function checkRequest(request: ExecutionRequest, facts: IsolationFacts): void {
  if (request.trust === 'untrusted' && !(facts.isNetworkIsolated && facts.areFilesIsolated)) {
    throw new SandboxError(
      'SANDBOX_REQUIRED',
      `Untrusted work needs its own network and files; this machine offers ${facts.isolation} (${facts.because})`,
    );
  }
  checkEnvironment(request);
  if (request.commands.some((command) => command.length === 0)) refuse('A command is empty');
  if (request.commands.flat().some((word) => word.includes('\0'))) refuse('A command holds a NUL character');
  for (const path of [
    request.workingDirectory,
    ...request.inputs.map((input) => input.at),
    ...request.outputs.map((output) => output.path),
  ]) {
    checkPath(path ?? '');
  }
  const names = request.outputs.map((output) => output.name);
  const odd = names.find((name, index) => !outputName.test(name) || names.indexOf(name) !== index);
  if (odd !== undefined) refuse(`The output name ${JSON.stringify(odd)} is taken or is not a file name`);
}

function checkEnvironment(request: ExecutionRequest): void {
  const names = [...Object.keys(request.environment), ...(request.relays ?? []).map((relay) => relay.name)];
  for (const name of names) {
    const why = whyRefused(name, request.environment[name] ?? '');
    if (why !== undefined) {
      throw new SandboxError(
        'SANDBOX_ENVIRONMENT_REFUSED',
        `The variable ${JSON.stringify(name.slice(0, 100))} ${why}`,
      );
    }
  }
}

function whyRefused(name: string, value: string): string | undefined {
  if (!variableName.test(name)) return 'is not a name that a shell knows';
  if (loaderVariables.test(name)) return 'puts code into every program that is started';
  if (ownVariables.test(name)) return 'is set by the executor';
  if (value.includes('\0')) return 'holds a NUL character';
  return undefined;
}

function checkPath(relative: string): void {
  try {
    joinInside('/', relative);
  } catch (cause) {
    throw new SandboxError(
      'SANDBOX_REQUEST_REFUSED',
      `${JSON.stringify(relative.slice(0, 200))} leaves the workspace`,
      {
        cause,
      },
    );
  }
}

function refuse(what: string): never {
  throw new SandboxError('SANDBOX_REQUEST_REFUSED', what);
}
