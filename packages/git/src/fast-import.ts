import { zeroCommit, type CommitId } from '@slipway/domain';
import type { GitCommitPlan, GitFileChange } from '@slipway/ports';
import { checkMessage, identityLine } from './identity.ts';
import { checkHash, checkWritablePath } from './inputs.ts';

/** A change whose mode is settled. */
export interface SettledChange extends GitFileChange {
  readonly mode: '100644' | '100755';
}

export interface SettledPlan extends Omit<GitCommitPlan, 'changes'> {
  readonly changes: readonly SettledChange[];
}

/**
 * The input of one `git fast-import`: a chain of commits, the id of each printed, the branch it needs dropped again.
 *
 * @param ref - a branch name of this run alone; it never exists in the repository.
 * @param printsTree - prints the tree of the last commit too.
 * @see git-fast-import(1).
 */
export function printImport(input: {
  readonly ref: string;
  readonly parent: CommitId | undefined;
  readonly plans: readonly SettledPlan[];
  readonly printsTree: boolean;
}): Buffer {
  const parts: Uint8Array[] = [];
  const print = (text: string): void => void parts.push(Buffer.from(text));
  const data = (content: Uint8Array): void => {
    print(`data ${content.length}\n`);
    parts.push(content);
    print('\n');
  };
  print('feature done\n');
  for (const [index, plan] of input.plans.entries()) {
    print(`commit ${input.ref}\nmark :${index + 1}\n`);
    print(`author ${identityLine(plan.author, plan.at)}\ncommitter ${identityLine(plan.committer, plan.at)}\n`);
    data(Buffer.from(checkMessage(plan.message)));
    if (index === 0 && input.parent !== undefined) print(`from ${checkHash(input.parent)}\n`);
    for (const change of plan.changes) {
      const file = quotePath(checkWritablePath(change.path));
      print(change.content === undefined ? `D ${file}\n` : `M ${change.mode} inline ${file}\n`);
      if (change.content !== undefined) data(change.content);
    }
    print(`\nget-mark :${index + 1}\n`);
  }
  if (input.printsTree) print(`ls :${input.plans.length} ""\n`);
  print(`reset ${input.ref}\nfrom ${zeroCommit}\n\ndone\n`);
  return Buffer.concat(parts);
}

function quotePath(file: string): string {
  return `"${file.replace(/["\\]/g, '\\$&')}"`;
}
