/** `…_decoder`: what Gleam receives. Whatever the message, the outcome is a value or an error. */
import { type Context } from './context.ts';
import { constantOf, decoderOf, fieldOf, Scope, zeroOfType } from './decoder-expressions.ts';
import { type Layout } from './layout.ts';
import { type Alias, type Constructor, type CustomType } from './model.ts';
import { stringLiteral } from './names.ts';
import { inherited, isArrayLike } from './prototypes.ts';
import {
  type Argument,
  atom,
  call,
  caseOf,
  clauseValue,
  type Expression,
  functionOf,
  lambda,
  list,
  parameter,
  shorthand,
  typeOf,
  use,
} from './syntax.ts';
import { tagReader } from './tags.ts';
import { customTypeIn, typeIn } from './types.ts';
import { zeroArguments } from './zero.ts';

/** How often a type may hold itself. The server's codecs refuse JSON nested deeper than this. */
const MAX_DEPTH = 64;

/** The functions that decode a type. A recursive one has a second, which counts how deep it is. */
export function decoderFunctions(type: CustomType, context: Context): Layout[] {
  const name = `${type.prefix}_decoder`;
  const returns = typeOf(context.decode('Decoder'), [customTypeIn(type, context)]);
  if (!context.recursive.has(type)) {
    return [
      functionOf({ isPublic: true, name, parameters: [], returns, body: bodyOf(type, context) }),
    ];
  }
  const zero = zeroOfType(type, context);
  const guarded = use(undefined, call(context.helper('decode_nested'), atom('depth'), zero));
  return [
    functionOf({
      isPublic: true,
      name,
      parameters: [],
      returns,
      body: [call(`${name}_within`, atom(String(MAX_DEPTH))).layout],
    }),
    functionOf({
      name: `${name}_within`,
      parameters: [parameter('depth', 'Int')],
      returns,
      body: [guarded, ...bodyOf(type, context)],
    }),
  ];
}

/** The function that decodes what has a name, but no constructors. */
export function aliasDecoder(alias: Alias, context: Context): Layout {
  const type = alias.declared ? alias.name : typeIn(alias.type, context);
  return functionOf({
    isPublic: true,
    name: `${alias.prefix}_decoder`,
    parameters: [],
    returns: typeOf(context.decode('Decoder'), [type]),
    body: [decoderOf(alias.type, new Scope(context, undefined)).layout],
  });
}

/** The function of the smallest value of a type. */
export function zeroFunction(type: CustomType, context: Context): Layout {
  const smallest = context.smallest.get(type);
  const name = smallest === undefined ? '' : context.constructorName(type, smallest);
  return functionOf({
    name: `${type.prefix}_zero`,
    parameters: [],
    returns: customTypeIn(type, context),
    body: [call(name, ...zeroArguments(smallest?.fields ?? [], context)).layout],
  });
}

function bodyOf(type: CustomType, context: Context): Layout[] {
  const scope = new Scope(context, type);
  const [first] = type.constructors;
  switch (type.wire.kind) {
    case 'record':
      return first === undefined
        ? []
        : [...ownFields(type, context), ...fieldsOf(type, first, scope)];
    case 'plain':
      return byTag(type, context.decode('then'), [], scope);
    case 'tagged':
      return [
        ...ownFields(type, context),
        ...byTag(type, context.decode('field'), [atom(stringLiteral(type.wire.tag))], scope),
      ];
    case 'tuple':
      return byTag(type, context.decode('field'), [atom('0')], scope);
    case 'untagged':
      return [untagged(type, scope).layout];
  }
}

/** Reads the tag, and then what belongs to it. */
function byTag(
  type: CustomType,
  reader: string,
  place: readonly Expression[],
  scope: Scope,
): Layout[] {
  const { context } = scope;
  const tags = tagReader(
    type.constructors.map(({ tag }) => tag),
    context,
  );
  const tag = context.variable('tag');
  const clauses = type.constructors.map((constructor) => {
    const statements = fieldsOf(type, constructor, scope);
    const result = statements.at(-1) ?? '';
    return {
      pattern: tags.patternOf(constructor.tag),
      value: clauseValue(statements.slice(0, -1), { ...call('x'), layout: result }),
    };
  });
  const failure = call(
    context.decode('failure'),
    zeroOfType(type, context),
    atom(stringLiteral(type.name)),
  );
  if (!tags.isExhaustive) clauses.push({ pattern: '_', value: failure });
  return [use(tag, call(reader, ...place, tags.decoder)), caseOf(atom(tag), clauses).layout];
}

/** Reads the fields of a constructor one after the other, and makes the value. */
function fieldsOf(type: CustomType, constructor: Constructor, scope: Scope): Layout[] {
  const { context } = scope;
  const isTuple = type.wire.kind === 'tuple';
  const names: string[] = [];
  const reads = constructor.fields.map((field) => {
    const name = context.variable(field.label ?? 'payload', [...names, 'tag', 'depth']);
    names.push(name);
    return use(name, fieldOf(isTuple ? atom('1') : atom(stringLiteral(field.key)), field, scope));
  });
  const constants = (constructor.constants ?? []).map((constant) =>
    use('_', constantOf(constant, context)),
  );
  if (isTuple && constructor.fields.length === 0) {
    // A payload of null may be missing.
    const nothing = call(context.helper('decode_nil'));
    reads.push(use('_', call(context.decode('optional_field'), atom('1'), atom('Nil'), nothing)));
  }
  const given = constructor.fields.map(({ label }, at): Argument => {
    const name = names[at] ?? '';
    if (label === undefined) return atom(name);
    return label === name ? shorthand(label) : { label, value: atom(name) };
  });
  const made = context.constructorName(type, constructor);
  const value = given.length === 0 ? atom(made) : call(made, ...given);
  return [...constants, ...reads, call(context.decode('success'), value).layout];
}

/** Tries one constructor after the other; the kind of JSON tells them apart. */
function untagged(type: CustomType, scope: Scope): Expression {
  const { context } = scope;
  const [first = atom(''), ...others] = type.constructors.map((constructor) => {
    const name = context.constructorName(type, constructor);
    const [field] = constructor.fields;
    return field === undefined
      ? call(context.decode('map'), call(context.helper('decode_nil')), lambda(['_'], atom(name)))
      : call(context.decode('map'), decoderOf(field.type, scope), atom(name));
  });
  return others.length === 0 ? first : call(context.decode('one_of'), first, list(...others));
}

/** Keeps what an object inherits in JavaScript out of what is decoded. */
function ownFields(type: CustomType, context: Context): Layout[] {
  const isAtRisk = type.constructors.some(({ fields, constants = [] }) => {
    const required = [
      ...(type.wire.kind === 'tagged' ? [type.wire.tag] : []),
      ...constants.map(({ key }) => key),
      ...fields.filter(({ presence }) => presence === 'required').map(({ key }) => key),
    ];
    const optional = fields.filter(({ presence }) => presence !== 'required');
    return isArrayLike(required) || optional.some(({ key }) => inherited(key));
  });
  if (!isAtRisk) return [];
  return [use(undefined, call(context.helper('own_fields'), zeroOfType(type, context)))];
}
