/** Random definitions of messages: what the command line is tested with. */
import * as fc from 'fast-check';
import {
  array,
  boolean,
  enums,
  integer,
  literal,
  number,
  object,
  size,
  string,
  type Struct,
} from 'superstruct';
import {
  described,
  type DefinitionFile,
  definitionOf,
  dict,
  named,
  nullable,
  oneOf,
  optional,
  recursive,
  type Shape,
  tuple,
  tupleVariants,
  variants,
} from '../../lib/codecs.ts';
import { type Plan, type PlannedField, plans } from './definition-plans.ts';

/** Makes the struct of a plan. */
class Maker {
  #names = 0;

  make(of: Plan): Struct {
    return this.#make(of) as Struct;
  }

  #make(of: Plan): unknown {
    switch (of.kind) {
      case 'string':
        return string();
      case 'integer':
        return integer();
      case 'number':
        return number();
      case 'boolean':
        return boolean();
      case 'null':
        return literal(null);
      case 'bounded':
        return size(string(), 1, 40);
      case 'literal':
        return literal(of.value as string);
      case 'enums':
        return enums(of.values as readonly string[]);
      case 'array':
        return array(this.make(of.of));
      case 'dict':
        return dict(this.make(of.of));
      case 'nullable':
        return isNullable(of.of) ? this.make(of.of) : nullable(this.make(of.of));
      case 'described':
        return described('What it is, in "words": a */ and a \\.\nIn two lines.', this.make(of.of));
      case 'tuple':
        return tuple(of.items.map((item) => this.make(item)));
      case 'oneOf':
        return this.#choice(of.items);
      case 'object':
        return object(this.#fields(of.fields));
      case 'variants':
        return variants(
          of.tag,
          Object.fromEntries(
            of.variants.map(([tag, fields]) => [
              tag,
              this.#fields(fields.filter(({ key }) => key !== of.tag)),
            ]),
          ),
        );
      case 'tuples':
        return tupleVariants(
          Object.fromEntries(of.variants.map(([tag, payload]) => [tag, this.make(payload)])),
        );
      case 'named':
        return named(`${of.name}${++this.#names}`, this.make(of.of));
      case 'recursive':
        return this.#recursive(of.fields, of.how);
    }
  }

  /** Options of one kind of JSON cannot be told apart: the later ones are left out. */
  #choice(items: readonly Plan[]): unknown {
    const kinds = new Set<string>();
    const kept = items.filter((item) => {
      const own = kindsOf(item);
      if (own.some((kind) => kinds.has(kind))) return false;
      for (const kind of own) kinds.add(kind);
      return true;
    });
    return oneOf(kept.map((item) => this.make(item)));
  }

  #fields(fields: readonly PlannedField[]): Record<string, Struct> {
    return Object.fromEntries(
      fields.map(({ key, of, isOptional }) => [
        key,
        isOptional && !isNullable(of) ? optional(this.make(of)) : this.make(of),
      ]),
    );
  }

  #recursive(fields: readonly PlannedField[], how: string): unknown {
    return recursive<never>(`Tree${++this.#names}`, (given) => {
      const self = given as unknown as Struct;
      const others = this.#fields(fields);
      const made = ((): unknown => {
        switch (how) {
          case 'array':
            return object({ ...others, next: array(self) });
          case 'nullable':
            return object({ next: nullable(self), ...others });
          case 'optional':
            return object({ next: optional(self), ...others });
          case 'dict':
            return object({ ...others, next: dict(self), more: dict(self) });
          case 'tuple':
            return object({ next: nullable(tuple([self, number(), self])), ...others });
          case 'two':
            return object({ next: array(self), more: array(self), ...others });
          case 'bare':
            return array(self);
          default:
            return variants('type', { leaf: {}, node: { left: self, right: nullable(self) } });
        }
      })();
      return made as never;
    });
  }
}

function isNullable(of: Plan): boolean {
  if (of.kind === 'described' || of.kind === 'named') return isNullable(of.of);
  if (of.kind === 'oneOf') return of.items.some(isNullable);
  return of.kind === 'null' || of.kind === 'nullable';
}

function kindsOf(of: Plan): string[] {
  switch (of.kind) {
    case 'string':
    case 'bounded':
      return ['string'];
    case 'integer':
    case 'number':
      return ['number'];
    case 'boolean':
    case 'null':
      return [of.kind];
    case 'literal':
      return [typeof of.value];
    case 'enums':
      return of.values.map((value) => typeof value);
    case 'array':
    case 'tuple':
    case 'tuples':
      return ['array'];
    case 'dict':
    case 'object':
    case 'variants':
      return ['object'];
    case 'recursive':
      return ['object', 'array'];
    case 'nullable':
      return [...kindsOf(of.of), 'null'];
    case 'described':
    case 'named':
      return kindsOf(of.of);
    case 'oneOf':
      return of.items.flatMap(kindsOf);
  }
}

/** A definition, and the structs that it was read from. */
export interface RandomDefinition {
  readonly structs: Readonly<Record<string, Struct>>;
  readonly file: Pick<DefinitionFile, 'roots' | 'types'>;
}

/** Definitions that every part of the command line takes. */
export const definitions: fc.Arbitrary<RandomDefinition> = fc
  .record({ FromClient: plans, FromServer: plans, third: plans })
  .map((planned) => {
    const maker = new Maker();
    const structs = Object.fromEntries(
      Object.entries(planned).map(([name, its]) => [name, maker.make(its)]),
    );
    return { structs, file: fileOf(structs) };
  });

/** A file of definitions from structs under their names. */
export function fileOf(structs: Readonly<Record<string, Struct>>): RandomDefinition['file'] {
  const read = Object.entries(structs).map(([name, struct]) => ({
    name,
    definition: definitionOf(struct, name),
  }));
  return {
    roots: read.map(({ name, definition }) => ({ name, sender: 'both', shape: definition.root })),
    types: Object.assign({}, ...read.map(({ definition }) => definition.types)) as Record<
      string,
      Shape
    >,
  };
}
