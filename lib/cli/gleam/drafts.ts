/** The constructors of a type, as far as its shape gives them: all but their names. */
import { type Field, type Shape } from '../../codecs.ts';
import { type Constant, type Field as GleamField, type GleamType, type Tag } from './model.ts';
import { takeName } from './names.ts';
import { notesOf } from './notes.ts';
import { constantOf, docOf, docsOf, labelOf, namingOf, wordOf } from './parts.ts';
import { type CustomShape, jsonKindsOf } from './shapes.ts';
import { type Draft } from './type-names.ts';

/** Where a shape stands: names, keys, tags, and `*` for an element. */
export type Path = readonly string[];

/** What is needed of the module that the types are made for. */
export interface Drafting {
  readonly convert: (shape: Shape, path: Path) => GleamType;
  /** Notes what cannot be written, and gives a type to go on with. */
  readonly refuse: (path: Path, reason: string) => GleamType;
  readonly types: Readonly<Record<string, Shape>>;
}

export function draftsOf(shape: CustomShape, path: Path, drafting: Drafting): Draft[] {
  switch (shape.kind) {
    case 'object':
      return [{ naming: 'own', tag: '', ...fieldsOf(shape.fields, path, drafting) }];
    case 'variants':
      return shape.variants.map(({ tag, fields, docs }) => ({
        naming: namingOf(tag),
        tag: tagOf(tag, path, drafting),
        doc: docs,
        ...fieldsOf(fields, [...path, String(tag)], drafting),
      }));
    case 'tupleVariants':
      return shape.variants.map(({ tag, payload, docs }) => ({
        naming: namingOf(tag),
        tag: tagOf(tag, path, drafting),
        doc: docOf([docs, ...docsOf(payload), ...notesOf(payload)]),
        fields: payloadOf(payload, [...path, String(tag)], drafting),
      }));
    case 'enums':
      return [...new Set(shape.values)].map((value) => ({
        naming: namingOf(value),
        tag: tagOf(value, path, drafting),
        fields: [],
      }));
    case 'oneOf':
      return optionsOf(shape.options, path, drafting);
  }
}

function optionsOf(options: readonly Shape[], path: Path, drafting: Drafting): Draft[] {
  const seen = new Set<string>();
  return options.map((option) => {
    for (const kind of jsonKindsOf(option, drafting.types)) {
      if (seen.has(kind)) {
        drafting.refuse(
          path,
          `two options of \`oneOf\` are ${kind === 'null' ? 'null' : `of the kind ${kind}`}, and nothing tells them apart: take \`variants\``,
        );
      }
      seen.add(kind);
    }
    const word = wordOf(option);
    const type = drafting.convert(option, [...path, word]);
    const field: GleamField = { label: undefined, key: '', type, presence: 'required' };
    return { naming: 'long', word, tag: '', doc: docOf(notesOf(option)), fields: [field] };
  });
}

function payloadOf(payload: Shape, path: Path, drafting: Drafting): GleamField[] {
  const type = drafting.convert(payload, path);
  if (type.kind === 'Nil') return [];
  const presence = type.kind === 'Option' ? 'nullable' : 'required';
  return [{ label: undefined, key: '1', type, presence }];
}

function fieldsOf(
  fields: readonly Field[],
  path: Path,
  drafting: Drafting,
): Pick<Draft, 'fields' | 'constants'> {
  const constants: Constant[] = [];
  const kept: GleamField[] = [];
  const labels = new Set<string>();
  for (const { key, shape, optional = false } of fields) {
    const its = [...path, key];
    if (key === '__proto__') drafting.refuse(its, 'codecs refuse this key: take another one');
    const constant = optional ? undefined : constantOf(shape);
    if (constant !== undefined) {
      constants.push({ key, value: constant });
      continue;
    }
    const type = drafting.convert(shape, its);
    kept.push({
      label: takeName(labelOf(key), labels),
      key,
      type: optional ? optionalOf(type, its, drafting) : type,
      presence: optional ? 'optional' : type.kind === 'Option' ? 'nullable' : 'required',
      doc: docOf([...docsOf(shape), ...notesOf(shape)]),
    });
  }
  return { fields: kept, constants };
}

function optionalOf(of: GleamType, path: Path, drafting: Drafting): GleamType {
  if (of.kind !== 'Option' && of.kind !== 'Nil') return { kind: 'Option', of };
  return drafting.refuse(
    path,
    'an absent field and null would be the same in Gleam: take `optional` or `nullable`, not both',
  );
}

function tagOf(tag: Tag, path: Path, drafting: Drafting): Tag {
  if (typeof tag === 'number' && Math.abs(tag) > Number.MAX_SAFE_INTEGER) {
    drafting.refuse(path, `the number ${tag} is too large to be exact: take a string`);
  }
  return tag;
}
