/** Why a definition cannot be written in Gleam: a line for each place, with what to write. */
export class GleamRefusal extends Error {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }

  override get name(): string {
    return 'GleamRefusal';
  }
}
