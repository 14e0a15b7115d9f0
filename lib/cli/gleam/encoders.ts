/** `…_to_json`: what Gleam sends. */
import { type Context } from './context.ts';
import { type Layout } from './layout.ts';
import {
  type Alias,
  type Constant,
  type Constructor,
  type CustomType,
  type Field,
  type GleamType,
  type Tag,
} from './model.ts';
import { stringLiteral } from './names.ts';
import {
  type Argument,
  atom,
  call,
  caseOf,
  type Expression,
  functionOf,
  lambda,
  letBe,
  list,
  parameter,
  pattern,
  pipeline,
  tuple,
} from './syntax.ts';
import { tagLiteral } from './tags.ts';
import { customTypeIn, typeIn } from './types.ts';

/** The function that encodes a type. */
export function encoderFunction(type: CustomType, context: Context): Layout {
  const value = context.variable(type.prefix);
  return functionOf({
    doc: [],
    isPublic: true,
    name: `${type.prefix}_to_json`,
    parameters: [parameter(value, customTypeIn(type, context))],
    returns: context.json('Json'),
    body: bodyOf(type, value, context),
  });
}

/** The function that encodes what has a name, but no constructors. */
export function aliasEncoder(alias: Alias, context: Context): Layout {
  const value = context.variable(alias.prefix);
  return functionOf({
    isPublic: true,
    name: `${alias.prefix}_to_json`,
    parameters: [parameter(value, alias.declared ? alias.name : typeIn(alias.type, context))],
    returns: context.json('Json'),
    body: [encoded(alias.type, value, context).layout],
  });
}

function bodyOf(type: CustomType, value: string, context: Context): Layout[] {
  const [first] = type.constructors;
  if (first !== undefined && type.wire.kind === 'record') {
    const made = patternOf(type, first, context);
    return [letBe(made.layout, atom(value)), wireOf(type, first, made.names, context).layout];
  }
  const clauses = type.constructors.map((constructor) => {
    const made = patternOf(type, constructor, context);
    return { pattern: made.layout, value: wireOf(type, constructor, made.names, context) };
  });
  return [caseOf(atom(value), clauses).layout];
}

/** The pattern of a constructor, and the variables that it binds, in the order of the fields. */
function patternOf(
  type: CustomType,
  constructor: Constructor,
  context: Context,
): { readonly layout: Layout; readonly names: readonly string[] } {
  const names: string[] = [];
  const parts = constructor.fields.map((field) => {
    const { label } = field;
    const wanted = label ?? (type.wire.kind === 'untagged' ? 'value' : 'payload');
    const name = isWritten(field.type) ? context.variable(wanted, names) : '_';
    names.push(name);
    if (label === undefined) return name;
    return label === name ? `${label}:` : `${label}: ${name}`;
  });
  return { layout: pattern(context.constructorName(type, constructor), parts), names };
}

function wireOf(
  type: CustomType,
  constructor: Constructor,
  names: readonly string[],
  context: Context,
): Expression {
  const { fields, tag, constants = [] } = constructor;
  const [only] = fields;
  const [name = ''] = names;
  switch (type.wire.kind) {
    case 'plain':
      return encodedTag(tag, context);
    case 'untagged':
      return only === undefined
        ? encodedConstant(null, context)
        : encoded(only.type, name, context);
    case 'tuple': {
      const payload =
        only === undefined ? encodedConstant(null, context) : encoded(only.type, name, context);
      const items = list(encodedTag(tag, context), payload);
      return call(context.json('preprocessed_array'), items);
    }
    case 'record':
      return objectOf(constants, fields, names, context);
    case 'tagged':
      return objectOf([{ key: type.wire.tag, value: tag }, ...constants], fields, names, context);
  }
}

/** An object: the constants, the fields that are always there, then those that may be absent. */
function objectOf(
  constants: readonly Constant[],
  fields: readonly Field[],
  names: readonly string[],
  context: Context,
): Expression {
  const entries = constants.map(({ key, value }) =>
    tuple(atom(stringLiteral(key)), encodedConstant(value, context)),
  );
  const optional: Expression[] = [];
  fields.forEach(({ key, type, presence }, at) => {
    const name = names[at] ?? '';
    if (presence === 'optional' && type.kind === 'Option') {
      const helper = context.helper('with_optional');
      const given = [atom(stringLiteral(key)), atom(name), encoderOf(type.of, context)];
      optional.push(call(helper, ...given));
    } else {
      entries.push(tuple(atom(stringLiteral(key)), encoded(type, name, context)));
    }
  });
  const object = context.json('object');
  if (optional.length === 0) return call(object, list(...entries));
  return pipeline(list(...entries), ...optional, atom(object));
}

/** The JSON of a value that an expression without side effects stands for. */
function encoded(type: GleamType, value: string, context: Context): Expression {
  const json = (name: string, ...given: Argument[]): Expression =>
    call(context.json(name), ...given);
  switch (type.kind) {
    case 'Nil':
      return json('null');
    case 'List':
      return json('array', atom(value), encoderOf(type.of, context));
    case 'Option':
      return json('nullable', atom(value), encoderOf(type.of, context));
    case 'Dict':
      return json('dict', atom(value), lambda(['key'], atom('key')), encoderOf(type.of, context));
    case 'Set': {
      const values = call(context.qualified('gleam/set', 'to_list'), atom(value));
      return json('array', values, encoderOf(type.of, context));
    }
    case 'Pairs': {
      const pairs = call(context.qualified('gleam/dict', 'to_list'), atom(value));
      const pair = { kind: 'Tuple', elements: [type.key, type.of] } as const;
      return json('array', pairs, encoderOf(pair, context));
    }
    case 'Tuple': {
      const elements = type.elements.map((element, at) =>
        encoded(element, `${value}.${at}`, context),
      );
      return json('preprocessed_array', list(...elements));
    }
    case 'Result':
      return call(
        context.helper('encode_result'),
        atom(value),
        encoderOf(type.ok, context),
        encoderOf(type.error, context),
      );
    case 'Mapped':
      return encoded(type.as, `${context.functionName(type.to)}(${value})`, context);
    case 'String':
    case 'Int':
    case 'Float':
    case 'Bool':
    case 'Custom':
      return call(encoderName(type, context), atom(value));
  }
}

function encoderName(
  type: Extract<GleamType, { kind: 'String' | 'Int' | 'Float' | 'Bool' | 'Nil' | 'Custom' }>,
  context: Context,
): string {
  return type.kind === 'Custom'
    ? `${type.type.prefix}_to_json`
    : context.json(type.kind.toLowerCase());
}

/** Whether the JSON of a type depends on the value: a variable for Nil would be an unused one. */
function isWritten(type: GleamType): boolean {
  if (type.kind === 'Tuple') return type.elements.some(isWritten);
  return type.kind !== 'Nil';
}

/** A function that encodes a type. */
function encoderOf(type: GleamType, context: Context): Expression {
  switch (type.kind) {
    case 'String':
    case 'Int':
    case 'Float':
    case 'Bool':
    case 'Custom':
      return atom(encoderName(type, context));
    case 'Nil':
    case 'List':
    case 'Option':
    case 'Dict':
    case 'Set':
    case 'Pairs':
    case 'Tuple':
    case 'Result':
    case 'Mapped': {
      const value = isWritten(type) ? 'value' : '_';
      return lambda([value], encoded(type, value, context));
    }
  }
}

function encodedConstant(value: Tag | null, context: Context): Expression {
  if (value === null) return call(context.json('null'));
  return encodedTag(value, context);
}

function encodedTag(tag: Tag, context: Context): Expression {
  return call(context.json(jsonTypeOf(tag)), atom(tagLiteral(tag)));
}

/** The function of gleam_json for a value that stands in the definition. */
function jsonTypeOf(tag: Tag): string {
  if (typeof tag === 'string') return 'string';
  if (typeof tag === 'boolean') return 'bool';
  return Number.isInteger(tag) ? 'int' : 'float';
}
