import { describe, expect, it } from 'vitest';
import { Context } from '../../../lib/cli/gleam/context.ts';
import { print } from '../../../lib/cli/gleam/layout.ts';
import {
  type Constructor,
  type CustomType,
  type Field,
  type GleamType,
  type MappedType,
} from '../../../lib/cli/gleam/model.ts';
import { smallestConstructors, zeroArguments, zeroOf } from '../../../lib/cli/gleam/zero.ts';

const field = (type: GleamType, label: string | undefined): Field => ({
  label,
  key: label ?? '0',
  type,
  presence: 'required',
});
const constructor = (name: string, ...types: readonly GleamType[]): Constructor => ({
  name,
  tag: name,
  fields: types.map((type) => field(type, 'x')),
});
const custom = (name: string, ...constructors: Constructor[]): CustomType => ({
  name,
  prefix: name.toLowerCase(),
  wire: { kind: 'tagged', tag: 'type' },
  constructors,
});
const value = (type: CustomType): GleamType => ({ kind: 'Custom', type });
const mapped = (as: GleamType, example?: MappedType['example']): MappedType => ({
  kind: 'Mapped',
  module: 'birl',
  name: 'Time',
  to: ['birl', 'to_unix'],
  from: ['birl', 'from_unix'],
  as,
  example,
});
const text: GleamType = { kind: 'String' };
const whole: GleamType = { kind: 'Int' };

/** The names of the constructors that are found, by the names of their types. */
const namesOf = (...types: readonly CustomType[]): Record<string, string> =>
  Object.fromEntries(
    [...smallestConstructors(types)].map(([{ name }, { name: own }]) => [name, own]),
  );

describe('the smallest constructor', () => {
  it('has the fewest fields, and is the first of those', () => {
    const type = custom(
      'A',
      constructor('Two', text, text),
      constructor('One', text),
      constructor('Other', whole),
    );

    expect(namesOf(type)).toEqual({ A: 'One' });
  });

  it('ends: one that holds its own type is none, but in what may be empty', () => {
    const tree = custom('Tree');
    tree.constructors.push(
      constructor('Node', value(tree), value(tree)),
      constructor('Leaf', text, text, text),
    );
    const forest = custom('Forest');
    forest.constructors.push(constructor('Forest', { kind: 'List', of: value(forest) }));

    expect(namesOf(tree, forest)).toEqual({ Tree: 'Leaf', Forest: 'Forest' });
  });

  it('is found through other types, whatever their order, and is the least deep', () => {
    const inner = custom('Inner', constructor('Inner', text));
    const outer = custom('Outer', constructor('Outer', value(inner)));
    const deep = custom(
      'Deep',
      constructor('ByOuter', value(outer)),
      constructor('ByInner', value(inner), text),
    );

    const found = { Inner: 'Inner', Outer: 'Outer', Deep: 'ByInner' };
    expect(namesOf(deep, outer, inner)).toEqual(found);
    expect(namesOf(inner, outer, deep)).toEqual(found);
  });

  it('is none where no value can be made, nor of a type that needs one', () => {
    const endless = custom('Endless');
    endless.constructors.push(constructor('Endless', value(endless)));
    const needing = custom(
      'Needing',
      constructor('InTuple', { kind: 'Tuple', elements: [text, value(endless)] }),
      constructor('Mapped', mapped(value(endless))),
      constructor('Result', { kind: 'Result', ok: value(endless), error: value(endless) }),
    );
    const empty = custom('Empty');

    expect(namesOf(endless, needing, empty)).toEqual({});
  });

  it.each<[what: string, of: (endless: GleamType) => GleamType]>([
    ['a list', (of) => ({ kind: 'List', of })],
    ['an option', (of) => ({ kind: 'Option', of })],
    ['a dict', (of) => ({ kind: 'Dict', of })],
    ['a set', (of) => ({ kind: 'Set', of })],
    ['pairs', (of) => ({ kind: 'Pairs', key: text, of })],
    ['a result that may fail', (of) => ({ kind: 'Result', ok: of, error: text })],
    ['a result that may succeed', (of) => ({ kind: 'Result', ok: text, error: of })],
  ])('may hold %s of what has no value', (_, of) => {
    const endless = custom('Endless');
    endless.constructors.push(constructor('Endless', value(endless)));

    expect(namesOf(endless, custom('A', constructor('A', of(value(endless)))))).toEqual({ A: 'A' });
  });
});

describe('the smallest value', () => {
  const none = custom('Status', constructor('Full', text), constructor('Off'));
  const record = custom('Note', constructor('Note', text));
  const endless = custom('Endless');
  endless.constructors.push(constructor('Endless', value(endless)));
  const context = (): Context =>
    new Context({
      smallest: smallestConstructors([none, record, endless]),
      recursive: new Set(),
      functions: [],
    });

  it.each<[written: string, imports: string[], type: GleamType]>([
    ['""', [], text],
    ['0', [], whole],
    ['0.0', [], { kind: 'Float' }],
    ['False', [], { kind: 'Bool' }],
    ['Nil', [], { kind: 'Nil' }],
    ['[]', [], { kind: 'List', of: whole }],
    ['option.None', ['import gleam/option'], { kind: 'Option', of: whole }],
    ['dict.new()', ['import gleam/dict'], { kind: 'Dict', of: whole }],
    ['dict.new()', ['import gleam/dict'], { kind: 'Pairs', key: whole, of: whole }],
    ['set.new()', ['import gleam/set'], { kind: 'Set', of: whole }],
    ['#(0, "")', [], { kind: 'Tuple', elements: [whole, text] }],
    ['Ok(0)', [], { kind: 'Result', ok: whole, error: text }],
    ['Error("")', [], { kind: 'Result', ok: value(endless), error: text }],
    ['Off', [], value(none)],
    ['note_zero()', [], value(record)],
    ['birl.from_unix(0)', ['import birl'], mapped(whole)],
    ['time_example()', [], mapped(text, '2026-01-01')],
  ])('is %s, which imports %j', (written, imports, type) => {
    const within = context();

    expect(print(zeroOf(type, within).layout)).toBe(written);
    expect(within.imports()).toEqual(imports);
  });

  it('asks for the functions that it calls', () => {
    const within = context();
    const time = mapped(text, '2026-01-01');

    zeroOf(value(none), within);
    zeroOf(value(record), within);
    zeroOf(time, within);
    zeroOf({ ...mapped(whole), from: 'decode_integer' }, within);

    expect([...within.zeros]).toEqual([record]);
    expect([...within.examples]).toEqual([[time, 'time_example']]);
    expect([...within.helpers]).toEqual(['decode_integer']);
  });

  it('is each argument of a constructor, by its label where it has one', () => {
    const [first, second] = zeroArguments(
      [field(text, 'name'), field(whole, undefined)],
      context(),
    );

    expect(first).toMatchObject({ label: 'name', value: { layout: '""' } });
    expect(second).toMatchObject({ layout: '0' });
    expect(second).not.toHaveProperty('label');
  });
});
