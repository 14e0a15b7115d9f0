/** The names of the types of a module and of their constructors, each of which stands for one. */
import { type Constructor, type CustomType, type Tag, type Wire } from './model.ts';
import {
  pascalCase,
  shortened,
  snakeCase,
  TAKEN_CONSTRUCTORS,
  TAKEN_TYPES,
  takeName,
} from './names.ts';

/** A constructor that has no name yet. */
export interface Draft extends Omit<Constructor, 'name'> {
  /** `own`: that of the type. `long`: with that of the type before it. */
  readonly naming: 'own' | 'short' | 'long';
  /** What the name is made of; else the tag. */
  readonly word?: string;
}

export class TypeNames {
  readonly #types = new Set<string>(TAKEN_TYPES);
  readonly #prefixes = new Set<string>();
  readonly #drafts = new Map<CustomType, readonly Draft[]>();

  /**
   * Takes a name that the definition gives.
   * @throws Error when it cannot be had
   */
  given(name: string): string {
    const wanted = pascalCase(name);
    if (!/^[A-Z]/.test(wanted)) {
      throw new Error(
        `the name \`${name}\` is none for a type of Gleam: take one that begins with a letter`,
      );
    }
    if (TAKEN_TYPES.has(wanted)) {
      throw new Error(`Gleam has a type \`${wanted}\` of its own: take another name`);
    }
    if (this.#types.has(wanted)) {
      throw new Error(`the name \`${wanted}\` is taken by another type: take another name`);
    }
    this.#types.add(wanted);
    return wanted;
  }

  /** Takes a name that is made up from the place where the type stands. */
  made(path: string): string {
    return takeName(shortened(pascalCase(path)), this.#types, '');
  }

  /** What the functions of a type begin with. */
  prefix(name: string): string {
    return takeName(snakeCase(name), this.#prefixes);
  }

  type(name: string, wire: Wire, doc: string | undefined): CustomType {
    return { name, prefix: this.prefix(name), wire, doc, constructors: [] };
  }

  draft(type: CustomType, drafts: readonly Draft[]): void {
    this.#drafts.set(type, drafts);
  }

  /** Names all constructors. A short name that two types want is given to neither. */
  finish(): void {
    const wanted = new Map<string, number>();
    const taken = new Set<string>(TAKEN_CONSTRUCTORS);
    for (const [type, drafts] of this.#drafts) {
      for (const draft of drafts) {
        if (draft.naming === 'own') taken.add(type.name);
        if (draft.naming !== 'short') continue;
        const short = shortened(pascalCase(wordOf(draft)));
        wanted.set(short, (wanted.get(short) ?? 0) + 1);
      }
    }
    for (const [short, count] of wanted) {
      // Its own tags are free to have it.
      if (count > 1 || !/^[A-Z]/.test(short) || taken.has(short)) wanted.delete(short);
    }
    for (const short of wanted.keys()) taken.add(short);
    for (const [type, drafts] of this.#drafts) {
      for (const draft of drafts) {
        const { naming, word: _word, ...constructor } = draft;
        const short = shortened(pascalCase(wordOf(draft)));
        const isShort = naming === 'short' && wanted.has(short);
        const name =
          naming === 'own'
            ? type.name
            : isShort
              ? short
              : takeName(type.name + (short === '' ? 'Empty' : short), taken, '');
        type.constructors.push({ name, ...constructor });
      }
    }
  }
}

function wordOf({ word, tag }: Draft): string {
  return word ?? wordOfTag(tag);
}

function wordOfTag(tag: Tag): string {
  if (typeof tag !== 'number') return String(tag);
  return String(tag).replace('-', 'minus ').replace('.', ' point ').replace('+', '');
}
