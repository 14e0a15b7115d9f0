/** What JSON the values of a type are. */
import { type CustomType, type GleamType } from './model.ts';
import { type JsonKind } from './shapes.ts';

/** The kinds of JSON that a type is read from. */
export function jsonKindsOf(
  type: GleamType,
  seen: ReadonlySet<CustomType> = new Set(),
): ReadonlySet<JsonKind> {
  switch (type.kind) {
    case 'String':
      return new Set(['string']);
    case 'Int':
    case 'Float':
      return new Set(['number']);
    case 'Bool':
      return new Set(['boolean']);
    case 'Nil':
      return new Set(['null']);
    case 'List':
    case 'Tuple':
    case 'Set':
    case 'Pairs':
      return new Set(['array']);
    case 'Dict':
    case 'Result':
      return new Set(['object']);
    case 'Option':
      return new Set([...jsonKindsOf(type.of, seen), 'null']);
    case 'Mapped':
      return jsonKindsOf(type.as, seen);
    case 'Custom':
      return kindsOfCustom(type.type, seen);
  }
}

function kindsOfCustom(type: CustomType, seen: ReadonlySet<CustomType>): ReadonlySet<JsonKind> {
  if (seen.has(type)) return new Set();
  const { wire, constructors } = type;
  switch (wire.kind) {
    case 'plain':
      return new Set(constructors.map(({ tag }) => typeof tag as JsonKind));
    case 'record':
    case 'tagged':
      return new Set(['object']);
    case 'tuple':
      return new Set(['array']);
    case 'untagged': {
      const within = new Set([...seen, type]);
      return new Set(
        constructors.flatMap(({ fields }) =>
          fields.flatMap((field) => [...jsonKindsOf(field.type, within)]),
        ),
      );
    }
  }
}
