/** Which controls are written to in one patch: decided while two views are compared. */
import { type Knowledge, writesTo } from './knowledge.ts';
import {
  type Control,
  inputType,
  isReporting,
  type Known,
  type Stamp,
  stateOf,
  UNDECIDED,
  wantedOf,
} from './vdom/control.ts';
import { type Json } from './vdom/attribute.ts';
import { type ElementNode } from './vdom/node.ts';

/** Records a write. */
type Commit = (
  control: Control,
  before: ElementNode<unknown>,
  value: Known,
  isOwn: boolean,
  isKept: boolean,
) => void;

interface Writing {
  readonly control: Control;
  readonly before: ElementNode<unknown>;
  readonly value: Known;
  readonly isOwn: boolean;
  readonly isKept: boolean;
}

/** What a decision needs to know, and where it records its writes. */
export interface Deciding {
  /** The number of the writes. */
  readonly version: number;
  /** What is known of a control in the page of the patch; undefined where several pages share it. */
  readonly knowledgeOf: (control: Control) => Knowledge | undefined;
  /** Whether all events of the page have been handled. */
  readonly isAnswered: boolean;
  /** Whether the page has to keep the value of a write itself. */
  readonly keepsValue: (control: Control) => boolean;
  readonly commit: Commit;
}

export class Decision {
  readonly #deciding: Deciding;
  #writings: Writing[] = [];
  /** Whether the radio buttons of a group were written to: it must be all of them, or none. */
  readonly #groups = new Map<Json, Set<boolean>>();
  readonly #together = new Set<Json>();

  constructor(deciding: Deciding) {
    this.#deciding = deciding;
  }

  /** Decides about one control. Returns what its element keeps of the write, if there is one. */
  readonly decide = (
    control: Control,
    before: ElementNode<unknown>,
    after: ElementNode<unknown>,
    isChanged: boolean,
    isDelegated: boolean,
  ): Stamp | undefined => {
    const { version, knowledgeOf, isAnswered, keepsValue } = this.#deciding;
    const value = wantedOf(control.kind, after);
    if (value === undefined) return isChanged ? version : undefined;
    const knowledge = knowledgeOf(control);
    let writes = isChanged;
    if (knowledge !== undefined) {
      const isReported = (): boolean => isDelegated || isReporting(control.kind, after);
      writes = writesTo(isAnswered, knowledge, after, value, isChanged, isReported);
      // guard: a box that is undecided stays so
      if (isAnswered && knowledge.shows !== undefined && isUndecided(after)) writes = true;
    }
    const group = groupOf(after);
    if (group !== undefined) {
      // guard: the radio buttons of a group are written together
      if (this.#together.has(group)) writes = true;
      const known = this.#groups.get(group);
      if (known === undefined) this.#groups.set(group, new Set([writes]));
      else known.add(writes);
    }
    if (!writes) return undefined;
    const isOwn = knowledge?.shows !== undefined;
    const isKept = keepsValue(control);
    this.#writings.push({ control, before, value, isOwn, isKept });
    return isKept ? [version, value] : version;
  };

  /**
   * Ends a comparison. A write to one radio button changes what the others of its group show. Where
   * only some of a group were written to, the comparison is repeated, and writes to all of them.
   *
   * @returns whether the comparison counts; false when it has to be repeated
   */
  end(): boolean {
    const before = this.#together.size;
    for (const [group, written] of this.#groups) {
      if (written.size > 1) this.#together.add(group);
    }
    const isComplete = this.#together.size === before;
    if (isComplete) {
      for (const { control, before: old, value, isOwn, isKept } of this.#writings) {
        this.#deciding.commit(control, old, value, isOwn, isKept);
      }
    }
    this.#groups.clear();
    this.#writings = [];
    return isComplete;
  }
}

/** Whether the view says that a box is undecided. Every click on the box undoes that. */
function isUndecided({ tag, attributes }: ElementNode<unknown>): boolean {
  return tag === 'input' && stateOf(attributes, UNDECIDED) === true;
}

function groupOf({ tag, attributes }: ElementNode<unknown>): Json | undefined {
  if (tag !== 'input' || inputType(attributes) !== 'radio') return undefined;
  return stateOf(attributes, 'name');
}
