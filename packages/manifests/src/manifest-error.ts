import { CodedError, type ErrorRule } from '@slipway/domain';

/** One line a code; `docs/errors.md` is tested against this table. */
export const manifestErrors = {
  MANIFEST_SYNTAX: { retry: 'never', next: 'Correct the YAML at that place.' },
  MANIFEST_TOO_LARGE: { retry: 'never', next: 'Split the file, or nest it less.' },
  KUSTOMIZATION_INVALID: { retry: 'never', next: 'Write a kustomization as kustomize reads it.' },
  MANIFEST_NODE_SHARED: { retry: 'never', next: 'Write the value out: an edit here would change two places.' },
  MANIFEST_EDIT_REFUSED: { retry: 'never', next: 'Write that place in plain YAML: one key and its value on a line.' },
  MANIFEST_IMAGE_MISSING: { retry: 'never', next: 'Name an image that a container of the file has.' },
  AUTHORISED_INVALID: { retry: 'never', next: 'Restore the file from its last promotion.' },
  APP_CONFIG_PIN_INVALID: { retry: 'never', next: 'Restore the file from the last commit that Slipway wrote.' },
  OBJECT_INVALID: { retry: 'never', next: 'Give each object apiVersion, kind and metadata.name.' },
  OBJECT_DUPLICATE: { retry: 'never', next: 'Declare each object once.' },
  REMOTE_BASE_REFUSED: { retry: 'never', next: 'Copy the base into this repository.' },
  CLOSURE_UNSUPPORTED: { retry: 'never', next: 'Render it beforehand and commit the manifests.' },
  CLOSURE_PATH_OUTSIDE: { retry: 'never', next: 'Use a relative path to a file of this repository, without links.' },
  CLOSURE_FILE_MISSING: { retry: 'never', next: 'Add the file, or take its name out of the kustomization.' },
  CLOSURE_CYCLE: { retry: 'never', next: 'Take one of these references out.' },
  CLOSURE_TOO_LARGE: { retry: 'never', next: 'Use fewer or smaller files for one environment.' },
} as const satisfies Record<string, ErrorRule>;

/** A place in a file; line and column count from 1. */
export interface FilePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A manifest that cannot be read, edited or rendered; the message begins and the facts carry `file`, `line` and `column`. */
export class ManifestError extends CodedError {
  override readonly name = 'ManifestError';
  readonly code: keyof typeof manifestErrors;

  constructor(code: keyof typeof manifestErrors, what: string, at: FilePosition) {
    const { file, line, column } = at;
    super(`${file}:${line}:${column}: ${what}`, manifestErrors[code], { facts: { file, line, column } });
    this.code = code;
  }
}
