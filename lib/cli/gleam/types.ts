/** The types of a module, as Gleam writes them. */
import { type Context } from './context.ts';
import { type Layout } from './layout.ts';
import { type Constructor, type CustomType, type Field, type GleamType } from './model.ts';
import { constructorDefinition, typeDefinition, typeOf } from './syntax.ts';

/** A type in an annotation. */
export function typeIn(type: GleamType, context: Context): Layout {
  switch (type.kind) {
    case 'String':
    case 'Int':
    case 'Float':
    case 'Bool':
    case 'Nil':
      return type.kind;
    case 'List':
      return typeOf('List', [typeIn(type.of, context)]);
    case 'Option':
      return typeOf(context.unqualifiedType('gleam/option', 'Option'), [typeIn(type.of, context)]);
    case 'Dict':
      return typeOf(context.unqualifiedType('gleam/dict', 'Dict'), [
        'String',
        typeIn(type.of, context),
      ]);
    case 'Set':
      return typeOf(context.qualified('gleam/set', 'Set'), [typeIn(type.of, context)]);
    case 'Pairs':
      return typeOf(context.unqualifiedType('gleam/dict', 'Dict'), [
        typeIn(type.key, context),
        typeIn(type.of, context),
      ]);
    case 'Tuple':
      return typeOf(
        '#',
        type.elements.map((element) => typeIn(element, context)),
      );
    case 'Result':
      return typeOf('Result', [typeIn(type.ok, context), typeIn(type.error, context)]);
    case 'Custom':
      return customTypeIn(type.type, context);
    case 'Mapped':
      return typeOf(
        context.qualified(type.module, type.name),
        (type.parameters ?? []).map((parameter) => typeIn(parameter, context)),
      );
  }
}

/** A custom type in an annotation, with what its parameters stand for. */
export function customTypeIn(type: CustomType, context: Context): Layout {
  const parameters = type.source?.parameters ?? [];
  return typeOf(
    context.typeName(type),
    parameters.map((parameter) => typeIn(parameter, context)),
  );
}

/** The definition of a type that stands in this module. */
export function definitionOf(type: CustomType, context: Context): Layout {
  return typeDefinition({
    doc: linesOf(type.doc),
    name: type.name,
    constructors: type.constructors.map((constructor) => constructorIn(constructor, context)),
  });
}

function constructorIn({ name, fields, doc }: Constructor, context: Context): Layout {
  return constructorDefinition(
    name,
    fields.map((field) => ({ doc: linesOf(field.doc), field: fieldIn(field, context) })),
    linesOf(doc),
  );
}

function fieldIn({ label, type }: Field, context: Context): Layout {
  const written = typeIn(type, context);
  return label === undefined ? written : [`${label}: `, written];
}

/** The lines of a doc, without those that would end it. */
export function linesOf(doc: string | undefined): string[] {
  return doc === undefined || doc.trim() === '' ? [] : doc.trim().split(/\r\n|[\n\r\u2028\u2029]/);
}
