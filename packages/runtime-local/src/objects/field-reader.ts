/** Everything wrong with one object, each led by its path; validation collects all before it refuses. */
export class FaultList {
  readonly #faults: string[] = [];

  add(path: string, why: string): void {
    this.#faults.push(`${path}: ${why}`);
  }

  get all(): readonly string[] {
    return this.#faults;
  }
}

export type Fields = Readonly<Record<string, unknown>>;

/** A value with its path inside the object, read with a fault instead of an exception. */
export class FieldReader {
  readonly path: string;
  readonly value: unknown;
  readonly faults: FaultList;

  constructor(value: unknown, path: string, faults: FaultList) {
    this.value = value;
    this.path = path;
    this.faults = faults;
  }

  get isAbsent(): boolean {
    return this.value === undefined || this.value === null;
  }

  /** The reader of a field of this mapping; absent when this is no mapping. */
  at(name: string): FieldReader {
    const fields = isFields(this.value) ? this.value : {};
    return new FieldReader(fields[name], this.path === '' ? name : `${this.path}.${name}`, this.faults);
  }

  refuse(why: string): void {
    this.faults.add(this.path, why);
  }

  /** Refuses every field that is in neither list: what we cannot honour is never silently dropped. */
  only(known: readonly string[], ignored: readonly string[] = []): this {
    if (this.isAbsent) return this;
    if (!isFields(this.value)) {
      this.refuse('is not a mapping');
      return this;
    }
    for (const name of Object.keys(this.value)) {
      if (known.includes(name) || ignored.includes(name)) continue;
      this.at(name).refuse('is not supported by the local runtime');
    }
    return this;
  }

  list(): readonly FieldReader[] {
    if (this.isAbsent) return [];
    if (Array.isArray(this.value)) {
      return this.value.map((item, index) => new FieldReader(item, `${this.path}[${index}]`, this.faults));
    }
    this.refuse('is not a list');
    return [];
  }

  /** `fallback` absent makes the field required. */
  text(fallback?: string): string {
    if (typeof this.value === 'string') return this.value;
    if (!this.isAbsent) this.refuse(`${JSON.stringify(this.value)} is not a string`);
    else if (fallback === undefined) this.refuse('is required');
    return fallback ?? '';
  }

  optionalText(): string | undefined {
    return this.isAbsent ? undefined : this.text('');
  }

  integer(bounds: { readonly fallback?: number; readonly min: number; readonly max?: number }): number {
    const { fallback, min, max = 2_147_483_647 } = bounds;
    if (this.isAbsent && fallback !== undefined) return fallback;
    if (typeof this.value === 'number' && Number.isInteger(this.value) && this.value >= min && this.value <= max) {
      return this.value;
    }
    this.refuse(
      this.isAbsent ? 'is required' : `${JSON.stringify(this.value)} is not an integer from ${min} to ${max}`,
    );
    return fallback ?? min;
  }

  flag(fallback: boolean): boolean {
    if (this.isAbsent) return fallback;
    if (typeof this.value !== 'boolean') this.refuse(`${JSON.stringify(this.value)} is not true or false`);
    return this.value === true;
  }

  texts(): readonly string[] {
    return this.list().map((item) => item.text());
  }

  textMap(): Readonly<Record<string, string>> {
    if (this.isAbsent) return {};
    if (!isFields(this.value)) {
      this.refuse('is not a mapping');
      return {};
    }
    return Object.fromEntries(Object.keys(this.value).map((name) => [name, this.at(name).text()]));
  }
}

/** A JSON mapping. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
