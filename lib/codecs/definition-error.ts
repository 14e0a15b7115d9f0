/** A struct whose definition cannot be read. The message says where, why, and what to write. */
export class DefinitionError extends TypeError {
  /** Where in the struct: keys of fields, tags of variants, `*` for an element or a value. */
  readonly path: readonly string[];

  constructor(reason: string, path: readonly string[]) {
    super(path.length === 0 ? reason : `at ${path.join('.')}: ${reason}`);
    this.path = path;
  }

  override get name(): string {
    return 'DefinitionError';
  }
}
