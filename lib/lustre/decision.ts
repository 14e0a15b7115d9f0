/** Which controls are written to in one patch: decided while two views are compared. */
import { type Knowledge, writesTo } from './knowledge.ts';
import {
  type Control,
  inputType,
  isReporting,
  type Known,
  stateOf,
  wantedOf,
} from './vdom/control.ts';
import { type Json } from './vdom/attribute.ts';
import { type ElementNode } from './vdom/node.ts';

/** Takes note of a write. */
type Commit = (
  control: Control,
  before: ElementNode<unknown>,
  value: Known,
  isOwn: boolean,
) => void;

interface Writing {
  readonly control: Control;
  readonly before: ElementNode<unknown>;
  readonly value: Known;
  readonly isOwn: boolean;
}

export class Decision {
  readonly #knowledgeOf: ((control: Control) => Knowledge | undefined) | undefined;
  readonly #isAnswered: boolean;
  readonly #commit: Commit;
  #writings: Writing[] = [];
  /** Whether each radio button of a group was written to: all of them are, or none. */
  readonly #groups = new Map<Json, Set<boolean>>();
  readonly #together = new Set<Json>();

  constructor(
    knowledgeOf: ((control: Control) => Knowledge | undefined) | undefined,
    isAnswered: boolean,
    commit: Commit,
  ) {
    this.#knowledgeOf = knowledgeOf;
    this.#isAnswered = isAnswered;
    this.#commit = commit;
  }

  /** Whether to write to a control. */
  readonly decide = (
    control: Control,
    before: ElementNode<unknown>,
    after: ElementNode<unknown>,
    isChanged: boolean,
    isDelegated: boolean,
  ): boolean => {
    const value = wantedOf(control.kind, after);
    if (value === undefined) return isChanged;
    const knowledge = this.#knowledgeOf?.(control);
    let writes = isChanged;
    if (knowledge !== undefined) {
      const isReported = (): boolean => isDelegated || isReporting(control.kind, after);
      writes = writesTo(this.#isAnswered, knowledge, after, value, isChanged, isReported);
    }
    const group = groupOf(after);
    if (group !== undefined) {
      // The radio buttons of a group are written together.
      if (this.#together.has(group)) writes = true;
      const known = this.#groups.get(group);
      if (known === undefined) this.#groups.set(group, new Set([writes]));
      else known.add(writes);
    }
    if (writes) {
      const isOwn = knowledge?.shows !== undefined;
      this.#writings.push({ control, before, value, isOwn });
    }
    return writes;
  };

  /**
   * Ends a comparison. A write to one radio button changes what the others of its group show, so
   * the others have to know of it: then the comparison is made once more, and writes to all of them.
   *
   * @returns whether the comparison counts
   */
  end(): boolean {
    const before = this.#together.size;
    for (const [group, written] of this.#groups) {
      if (written.size > 1) this.#together.add(group);
    }
    const isComplete = this.#together.size === before;
    if (isComplete) {
      for (const { control, before: old, value, isOwn } of this.#writings) {
        this.#commit(control, old, value, isOwn);
      }
    }
    this.#groups.clear();
    this.#writings = [];
    return isComplete;
  }
}

function groupOf({ tag, attributes }: ElementNode<unknown>): Json | undefined {
  if (tag !== 'input' || inputType(attributes) !== 'radio') return undefined;
  return stateOf(attributes, 'name');
}
