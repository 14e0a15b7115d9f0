/** The expressions that decode fields and their types. */
import { type Context } from './context.ts';
import {
  type Constant,
  type CustomType,
  type Field,
  type GleamType,
  type MappedType,
} from './model.ts';
import { type Layout } from './layout.ts';
import { stringLiteral } from './names.ts';
import { inherited } from './prototypes.ts';
import { atom, block, call, type Expression, tuple, use } from './syntax.ts';
import { tagLiteral, tagReader } from './tags.ts';
import { zeroOf } from './zero.ts';

/** Where an expression stands: in the decoder of a type, or in none. */
export class Scope {
  readonly context: Context;
  readonly within: CustomType | undefined;

  constructor(context: Context, within: CustomType | undefined) {
    this.context = context;
    this.within = within;
  }

  /** The decoder of another type; one that may lead back here is one level deeper. */
  decoderOf(type: CustomType): Expression {
    const name = `${type.prefix}_decoder`;
    const { recursive } = this.context;
    const isDeeper = this.within !== undefined && recursive.has(this.within) && recursive.has(type);
    return isDeeper ? call(`${name}_within`, atom('depth - 1')) : call(name);
  }
}

/** An expression that decodes a type. */
export function decoderOf(type: GleamType, scope: Scope): Expression {
  const { context } = scope;
  switch (type.kind) {
    case 'String':
    case 'Bool':
      return atom(context.decode(type.kind.toLowerCase()));
    case 'Int':
      return call(context.helper('decode_integer'));
    case 'Float':
      return call(context.helper('decode_number'));
    case 'Nil':
      return call(context.helper('decode_nil'));
    case 'List':
      return call(context.decode('list'), decoderOf(type.of, scope));
    case 'Option':
      return call(context.decode('optional'), decoderOf(type.of, scope));
    case 'Dict':
      return call(
        context.decode('dict'),
        atom(context.decode('string')),
        decoderOf(type.of, scope),
      );
    case 'Set':
      return call(
        context.decode('map'),
        call(context.decode('list'), decoderOf(type.of, scope)),
        atom(context.qualified('gleam/set', 'from_list')),
      );
    case 'Pairs':
      return call(
        context.decode('map'),
        call(context.decode('list'), tupleDecoder([type.key, type.of], scope)),
        atom(context.qualified('gleam/dict', 'from_list')),
      );
    case 'Tuple':
      return tupleDecoder(type.elements, scope);
    case 'Result':
      return call(
        context.helper('decode_result'),
        zeroOf(type, context),
        decoderOf(type.ok, scope),
        decoderOf(type.error, scope),
      );
    case 'Custom':
      return scope.decoderOf(type.type);
    case 'Mapped':
      return mappedDecoder(type, scope);
  }
}

function tupleDecoder(elements: readonly GleamType[], scope: Scope): Expression {
  const { context } = scope;
  const names = elements.map((_, at) => context.variable(nameOfElement(at)));
  const reads = elements.map((element, at) =>
    nextElement(names[at] ?? '', scope, {
      at: String(at),
      zero: zeroOf(element, context),
      decoder: decoderOf(element, scope),
      isLast: at === elements.length - 1,
    }),
  );
  const value = tuple(...names.map((name) => atom(name)));
  return block(arrayElements(scope), ...reads, call(context.decode('success'), value).layout);
}

function mappedDecoder(type: MappedType, scope: Scope): Expression {
  const { context } = scope;
  const decoder = decoderOf(type.as, scope);
  const from = atom(context.functionName(type.from));
  if (type.example === undefined) return call(context.decode('map'), decoder, from);
  const name = atom(stringLiteral(type.name));
  return call(context.helper('decode_mapped'), decoder, from, zeroOf(type, context), name);
}

/** The name of the elements of an array that are still to be decoded. */
const ELEMENTS = 'elements';

/** The statement that takes an array apart. An object of JavaScript may have a field 0, too. */
export function arrayElements({ context }: Scope): Layout {
  const any = call(context.decode('list'), atom(context.decode('dynamic')));
  return use(ELEMENTS, call(context.decode('then'), any));
}

/** The statement that decodes the next element. `decode.field` costs five times as much. */
export function nextElement(
  name: string,
  { context }: Scope,
  element: {
    readonly at: string;
    readonly zero: Expression;
    readonly decoder: Expression;
    readonly isLast: boolean;
    /** Whether it may be missing, which stands for null. */
    readonly mayBeMissing?: boolean;
  },
): Layout {
  const { at, zero, decoder, isLast, mayBeMissing = false } = element;
  const elements = atom(ELEMENTS);
  const left = mayBeMissing ? call(context.helper('or_null'), elements) : elements;
  const read = call(context.helper('next_element'), left, atom(stringLiteral(at)), zero, decoder);
  return use(`${name}, ${isLast ? '_' : ELEMENTS}`, read);
}

/** The statement that lets only objects go on. */
export function expectObject(context: Context): Layout {
  return use('_', call(context.decode('then'), call(context.helper('decode_object'))));
}

/** `a` to `z`, then `a1`. */
function nameOfElement(at: number): string {
  const letter = String.fromCharCode('a'.charCodeAt(0) + (at % 26));
  return at < 26 ? letter : `${letter}${Math.floor(at / 26)}`;
}

/** The call that reads one field; `use` gives it what comes next. */
export function fieldOf({ key: name, type, presence }: Field, scope: Scope): Expression {
  const { context } = scope;
  const key = atom(stringLiteral(name));
  if (presence !== 'required' && type.kind === 'Option') {
    const helper = inherited(name) ? 'inherited_field' : 'nullable_field';
    return call(context.helper(helper), key, decoderOf(type.of, scope));
  }
  const decoder = decoderOf(type, scope);
  if (isSimple(type)) return call(context.decode('field'), key, decoder);
  return call(context.helper('required_field'), key, zeroOf(type, context), decoder);
}

/** Whether a decoder is done at once with a value that it is not meant for. */
function isSimple(type: GleamType): boolean {
  switch (type.kind) {
    case 'String':
    case 'Int':
    case 'Float':
    case 'Bool':
    case 'Nil':
      return true;
    case 'List':
    case 'Option':
    case 'Dict':
    case 'Set':
      return isSimple(type.of);
    case 'Pairs':
      return isSimple(type.key) && isSimple(type.of);
    case 'Tuple':
      return type.elements.every(isSimple);
    case 'Custom':
      return type.type.wire.kind === 'plain';
    case 'Mapped':
      return isSimple(type.as);
    case 'Result':
      return false;
  }
}

export function constantOf({ key, value }: Constant, context: Context): Expression {
  const exact =
    value === null
      ? call(context.helper('decode_nil'))
      : call(
          context.helper('decode_exactly'),
          tagReader([value], context).decoder,
          atom(tagLiteral(value)),
        );
  return call(context.decode('field'), atom(stringLiteral(key)), exact);
}

/** The smallest value of a type. */
export function zeroOfType(type: CustomType, context: Context): Expression {
  return zeroOf({ kind: 'Custom', type }, context);
}
