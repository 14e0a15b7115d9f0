/** `…_decoder`: what Gleam receives. Whatever the message, the outcome is a value or an error. */
import { type Context } from './context.ts';
import {
  arrayElements,
  constantOf,
  decoderOf,
  expectObject,
  fieldOf,
  nextElement,
  Scope,
  zeroOfType,
} from './decoder-expressions.ts';
import { jsonKindsOf } from './json-kinds.ts';
import { type Layout } from './layout.ts';
import { type Alias, type Constructor, type CustomType, type MappedType } from './model.ts';
import { stringLiteral } from './names.ts';
import { isArrayLike } from './prototypes.ts';
import { type JsonKind } from './shapes.ts';
import {
  type Argument,
  assertBe,
  atom,
  call,
  caseOf,
  clauseValue,
  functionOf,
  parameter,
  pattern,
  shorthand,
  typeOf,
  use,
} from './syntax.ts';
import { tagLiteral, tagReader } from './tags.ts';
import { customTypeIn, typeIn } from './types.ts';
import { zeroArguments, zeroOf } from './zero.ts';

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

/** The function of a value that the user names. A decoder goes on with it after a failure. */
export function exampleFunction(type: MappedType, name: string, context: Context): Layout {
  const example = type.example ?? '';
  const isFloat = type.as.kind === 'Float' && Number.isInteger(example);
  const given = atom(isFloat ? `${tagLiteral(example)}.0` : tagLiteral(example));
  const value = call(context.functionName(type.from), given);
  return functionOf({
    name,
    parameters: [],
    returns: typeIn(type, context),
    body: [assertBe(pattern('Ok', ['value']), value), 'value'],
  });
}

function bodyOf(type: CustomType, context: Context): Layout[] {
  const scope = new Scope(context, type);
  const [first] = type.constructors;
  switch (type.wire.kind) {
    case 'record':
      return first === undefined
        ? []
        : [...onlyObjects(type, context), ...fieldsOf(type, first, scope)];
    case 'plain':
      return byTag(type, scope, (tag, { decoder }) =>
        use(tag, call(context.decode('then'), decoder)),
      );
    case 'tagged': {
      const key = atom(stringLiteral(type.wire.tag));
      return [
        ...onlyObjects(type, context),
        ...byTag(type, scope, (tag, { decoder }) =>
          use(tag, call(context.decode('field'), key, decoder)),
        ),
      ];
    }
    case 'tuple':
      return [
        arrayElements(scope),
        ...byTag(type, scope, (tag, tags) =>
          nextElement(tag, scope, { ...tags, at: '0', isLast: false }),
        ),
      ];
    case 'untagged':
      return untagged(type, scope);
  }
}

/** Reads the tag, and then what belongs to it. */
function byTag(
  type: CustomType,
  scope: Scope,
  readTag: (name: string, tags: ReturnType<typeof tagReader>) => Layout,
): Layout[] {
  const { context } = scope;
  const tags = tagReader(
    type.constructors.map(({ tag }) => tag),
    context,
  );
  const tag = context.variable('tag');
  const clauses = type.constructors.map((constructor) => {
    const statements =
      type.wire.kind === 'tuple'
        ? payloadOf(type, constructor, scope)
        : fieldsOf(type, constructor, scope);
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
  return [readTag(tag, tags), caseOf(atom(tag), clauses).layout];
}

/** Reads the payload behind a tag, and makes the value. */
function payloadOf(type: CustomType, constructor: Constructor, scope: Scope): Layout[] {
  const { context } = scope;
  const made = atom(context.constructorName(type, constructor));
  const success = context.decode('success');
  const [field] = constructor.fields;
  const payload = field?.type ?? ({ kind: 'Nil' } as const);
  const name = field === undefined ? '_' : context.variable('payload', ['tag', 'depth']);
  const read = nextElement(name, scope, {
    at: '1',
    zero: zeroOf(payload, context),
    decoder: decoderOf(payload, scope),
    isLast: true,
    mayBeMissing: field === undefined || field.presence !== 'required',
  });
  const value =
    field === undefined ? made : call(context.constructorName(type, constructor), atom(name));
  return [read, call(success, value).layout];
}

/** Reads the fields of a constructor one after the other, and makes the value. */
function fieldsOf(type: CustomType, constructor: Constructor, scope: Scope): Layout[] {
  const { context } = scope;
  const names: string[] = [];
  const reads = constructor.fields.map((field) => {
    const name = context.variable(field.label ?? 'payload', [...names, 'tag', 'depth']);
    names.push(name);
    return use(name, fieldOf(field, scope));
  });
  const constants = (constructor.constants ?? []).map((constant) =>
    use('_', constantOf(constant, context)),
  );
  const given = constructor.fields.map(({ label }, at): Argument => {
    const name = names[at] ?? '';
    if (label === undefined) return atom(name);
    return label === name ? shorthand(label) : { label, value: atom(name) };
  });
  const made = context.constructorName(type, constructor);
  const value = given.length === 0 ? atom(made) : call(made, ...given);
  return [...constants, ...reads, call(context.decode('success'), value).layout];
}

/** Finds the constructor by the kind of JSON, so that no other one is tried. */
function untagged(type: CustomType, scope: Scope): Layout[] {
  const { context } = scope;
  const options = type.constructors.flatMap((constructor) => {
    const [field] = constructor.fields;
    if (field === undefined) return [];
    const made = atom(context.constructorName(type, constructor));
    const decoder = call(context.decode('map'), decoderOf(field.type, scope), made);
    return [{ decoder, kinds: jsonKindsOf(field.type) }];
  });
  const [first] = options;
  if (options.length === 1 && first !== undefined) return [first.decoder.layout];
  const clauses = options.map(({ decoder, kinds }) => ({
    pattern: [...kinds].flatMap((kind) => CLASSES[kind].map(stringLiteral)).join(' | '),
    value: decoder,
  }));
  const name = atom(stringLiteral(type.name));
  const failure = call(context.decode('failure'), zeroOfType(type, context), name);
  const value = context.variable('value');
  const subject = call(context.qualified('gleam/dynamic', 'classify'), atom(value));
  return [
    use(value, call(context.decode('then'), atom(context.decode('dynamic')))),
    caseOf(subject, [...clauses, { pattern: '_', value: failure }]).layout,
  ];
}

/** What `dynamic.classify` calls each kind of JSON, in JavaScript and on the BEAM. */
const CLASSES: Readonly<Record<JsonKind, readonly string[]>> = {
  string: ['String'],
  number: ['Int', 'Float'],
  boolean: ['Bool'],
  null: ['Nil'],
  array: ['Array', 'List'],
  object: ['Object', 'Dict'],
};

/** Refuses arrays, where the fields of one would do for JavaScript. */
function onlyObjects(type: CustomType, context: Context): Layout[] {
  const isAtRisk = type.constructors.some(({ fields, constants = [] }) =>
    isArrayLike([
      ...(type.wire.kind === 'tagged' ? [type.wire.tag] : []),
      ...constants.map(({ key }) => key),
      ...fields.filter(({ presence }) => presence === 'required').map(({ key }) => key),
    ]),
  );
  return isAtRisk ? [expectObject(context)] : [];
}
