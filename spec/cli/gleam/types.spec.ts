import { describe, expect, it } from 'vitest';
import { Context } from '../../../lib/cli/gleam/context.ts';
import { type Layout, print } from '../../../lib/cli/gleam/layout.ts';
import { type CustomType, type GleamType } from '../../../lib/cli/gleam/model.ts';
import { customTypeIn, definitionOf, linesOf, typeIn } from '../../../lib/cli/gleam/types.ts';

const context = (): Context =>
  new Context({ smallest: new Map(), recursive: new Set(), functions: [] });

/** What is printed, and what is imported for it. */
function printed(write: (within: Context) => Layout): readonly [text: string, imports: string[]] {
  const within = context();
  return [print(write(within)), within.imports()];
}

const custom = (name: string, more: Partial<CustomType> = {}): CustomType => ({
  name,
  prefix: name.toLowerCase(),
  wire: { kind: 'record' },
  constructors: [],
  ...more,
});
const text: GleamType = { kind: 'String' };
const whole: GleamType = { kind: 'Int' };

describe('a type in an annotation', () => {
  it.each<[written: string, imports: string[], type: GleamType]>([
    ['String', [], text],
    ['Int', [], whole],
    ['Float', [], { kind: 'Float' }],
    ['Bool', [], { kind: 'Bool' }],
    ['Nil', [], { kind: 'Nil' }],
    ['List(Int)', [], { kind: 'List', of: whole }],
    ['Option(Int)', ['import gleam/option.{type Option}'], { kind: 'Option', of: whole }],
    ['Dict(String, Int)', ['import gleam/dict.{type Dict}'], { kind: 'Dict', of: whole }],
    ['set.Set(Int)', ['import gleam/set'], { kind: 'Set', of: whole }],
    [
      'Dict(Int, String)',
      ['import gleam/dict.{type Dict}'],
      { kind: 'Pairs', key: whole, of: text },
    ],
    ['#(Int, String)', [], { kind: 'Tuple', elements: [whole, text] }],
    ['Result(Int, String)', [], { kind: 'Result', ok: whole, error: text }],
    ['Note', [], { kind: 'Custom', type: custom('Note') }],
    [
      'types.Box(Int, List(String))',
      ['import shop/types'],
      {
        kind: 'Custom',
        type: custom('Box', {
          source: { module: 'shop/types', parameters: [whole, { kind: 'List', of: text }] },
        }),
      },
    ],
    [
      'birl.Time',
      ['import birl'],
      {
        kind: 'Mapped',
        module: 'birl',
        name: 'Time',
        to: ['birl', 'to_unix'],
        from: ['birl', 'from_unix'],
        as: whole,
      },
    ],
    [
      'id.Id(Int)',
      ['import app/id'],
      {
        kind: 'Mapped',
        module: 'app/id',
        name: 'Id',
        to: ['app/id', 'to_string'],
        from: ['app/id', 'from_string'],
        as: text,
        parameters: [whole],
      },
    ],
    [
      'List(Option(#(Int, set.Set(String))))',
      ['import gleam/option.{type Option}', 'import gleam/set'],
      {
        kind: 'List',
        of: { kind: 'Option', of: { kind: 'Tuple', elements: [whole, { kind: 'Set', of: text }] } },
      },
    ],
  ])('is written %s, and imports %j', (written, imports, type) => {
    expect(printed((within) => typeIn(type, within))).toEqual([written, imports]);
  });

  it('has the parameters of its source, and none where it stands in this module', () => {
    const here = custom('Note');
    const there = custom('Note', { source: { module: 'notes', parameters: [text] } });

    expect(printed((within) => customTypeIn(here, within))).toEqual(['Note', []]);
    expect(printed((within) => customTypeIn(there, within))).toEqual([
      'notes.Note(String)',
      ['import notes'],
    ]);
  });
});

describe('the definition of a type', () => {
  it('has its constructors and fields in their order, with labels and docs', () => {
    const type = custom('Shape', {
      doc: 'What is drawn.\n\nOn a page.',
      constructors: [
        {
          name: 'Circle',
          tag: 'circle',
          doc: 'Round.',
          fields: [
            { label: 'radius', key: 'r', type: { kind: 'Float' }, presence: 'required' },
            {
              label: 'name',
              key: 'name',
              type: { kind: 'Option', of: text },
              presence: 'optional',
              doc: 'If it has one.',
            },
          ],
        },
        {
          name: 'Line',
          tag: 'line',
          fields: [{ label: undefined, key: '1', type: whole, presence: 'required' }],
        },
        { name: 'Nothing', tag: 'nothing', fields: [] },
      ],
    });

    expect(printed((within) => definitionOf(type, within))).toEqual([
      `/// What is drawn.
///
/// On a page.
pub type Shape {
  /// Round.
  Circle(
    radius: Float,
    /// If it has one.
    name: Option(String),
  )
  Line(Int)
  Nothing
}`,
      ['import gleam/option.{type Option}'],
    ]);
  });
});

describe('the lines of a doc', () => {
  it.each([
    [undefined, []],
    ['', []],
    [' \n ', []],
    [' one ', ['one']],
    ['a\nb\r\nc\rd\u2028e\u2029f', ['a', 'b', 'c', 'd', 'e', 'f']],
    ['a\n\nb\n', ['a', '', 'b']],
  ])('are ended by all that ends a comment: %j', (doc, lines) => {
    expect(linesOf(doc)).toEqual(lines);
  });
});
