import { array, enums, integer, literal, number, object, string, unknown } from 'superstruct';
import { describe, expect, it } from 'vitest';
import { GleamRefusal } from '../../../lib/cli/gleam/refusal.ts';
import { type AnyStruct } from '../../../lib/codecs/any-struct.ts';
import {
  dict,
  named,
  nullable,
  oneOf,
  optional,
  recursive,
  tuple,
  tupleVariants,
  variants,
} from '../../../lib/codecs.ts';
import { moduleOf } from '../../support/printed.ts';
import { layoutFaults } from './layout-rules.ts';

const refusals = (structs: Readonly<Record<string, AnyStruct>>): readonly string[] => {
  try {
    moduleOf(structs);
  } catch (error) {
    if (error instanceof GleamRefusal) return error.lines;
    throw error;
  }
  return [];
};

describe('a type', () => {
  it('has the name that it is exported under, that of `named`, or that of its path', () => {
    const printed = moduleOf({
      FromClient: variants('type', {
        add: { by: named('Author', object({ id: string() })), at: object({ x: number() }) },
      }),
    });

    expect(printed).toContain('pub type FromClient {\n  Add(by: Author, at: FromClientAddAt)\n}\n');
    expect(printed).toContain('pub type FromClientAddAt {\n  FromClientAddAt(x: Float)\n}\n');
  });

  it('is one for shapes that say the same', () => {
    const printed = moduleOf({
      A: object({ one: object({ x: integer() }), two: array(object({ x: integer() })) }),
    });

    expect(printed).toContain('A(one: AOne, two: List(AOne))');
    expect(printed.match(/^pub type/gm)).toHaveLength(2);
  });

  it('has constructors that no other type of the module has, and not those of Gleam', () => {
    const printed = moduleOf({
      Status: enums(['sent', 'ok', 'client-error', '2d', '']),
      Mail: variants('type', { sent: {}, error: {}, nil: {} }),
    });

    expect(printed).toContain(
      'pub type Status {\n  StatusSent\n  StatusOk\n  ClientError\n  Status2d\n  StatusEmpty\n}\n',
    );
    expect(printed).toContain('pub type Mail {\n  MailSent\n  MailError\n  MailNil\n}\n');
    expect(printed).toContain('StatusEmpty -> json.string("")');
  });

  it('has no name that is too long for the BEAM, whatever its path, its tags and its keys', () => {
    const long = 'somethingThatIsSaidAtLength'.repeat(12);
    const inner = variants('type', { [long]: { [long]: enums([long, `${long}2`]) } });
    const printed = moduleOf({ A: object({ [long]: object({ [long]: inner }) }) });
    const names = printed.replaceAll(/"[^"]*"/g, '').match(/\w+/g) ?? [];

    expect(Math.max(...names.map((name) => name.length))).toBeLessThan(230);
    expect(printed).toContain(`"${long}",`);
    expect(printed).toContain(`"${long}2" ->`);
    expect(layoutFaults(printed)).toEqual([]);
  });

  it('has labels of Gleam, and keeps the keys', () => {
    const printed = moduleOf({
      Keys: object({ sentAt: string(), sent_at: string(), type: string(), 日本: string() }),
    });

    expect(printed).toContain(
      'Keys(sent_at: String, sent_at_2: String, type_: String, field: String)',
    );
    for (const key of ['sentAt', 'sent_at', 'type', '日本']) {
      expect(printed).toContain(`<- decode.field("${key}", decode.string)`);
    }
  });
});

describe('a refusal names the place, the reason, and what to write instead', () => {
  const Chain = recursive<unknown>('Chain', (self) => object({ next: self }));

  it.each<[name: string, structs: Readonly<Record<string, AnyStruct>>, line: string]>([
    [
      'any value',
      { A: variants('type', { b: { c: unknown() } }) },
      'at A.b.c: Gleam has no type for any JSON value: say what it is, or send it as a string',
    ],
    [
      'optional(nullable)',
      { A: object({ b: optional(nullable(string())) }) },
      'at A.b: an absent field and null would be the same in Gleam: take `optional` or `nullable`, not both',
    ],
    [
      'nullable of null',
      { A: object({ b: nullable(literal(null)) }) },
      'at A.b: null would stand for two different values of Gleam: take `nullable` once, around what is not null',
    ],
    [
      'two kinds of object',
      { A: object({ b: oneOf([object({}), dict(string())]) }) },
      'at A.b: two options of `oneOf` are of the kind object, and nothing tells them apart: take `variants`',
    ],
    [
      'two arrays in a tuple',
      { A: tupleVariants({ 0: tuple([oneOf([array(string()), tuple([string()])])]) }) },
      'at A.0.0: two options of `oneOf` are of the kind array, and nothing tells them apart: take `variants`',
    ],
    [
      'a type without an end',
      { Chain },
      'at Chain: every value of it holds another one, without an end: take `nullable`, `optional` or `array` for the field that holds it',
    ],
    [
      'a name that Gleam has',
      { List: object({}) },
      'at List: Gleam has a type `List` of its own: take another name',
    ],
    [
      'a name that is taken',
      { UserName: object({ a: string() }), user_name: object({ b: string() }) },
      'at user_name: the name `UserName` is taken by another type: take another name',
    ],
    [
      'a name that is none',
      { $1: object({}) },
      'at $1: the name `$1` is none for a type of Gleam: take one that begins with a letter',
    ],
    [
      'a tag that is not exact',
      { A: enums([2 ** 70]) },
      'at A: the number 1.1805916207174113e+21 is too large to be exact: take a string',
    ],
    [
      'a key that codecs refuse',
      { A: object(Object.fromEntries([['__proto__', string()]])) },
      'at A.__proto__: codecs refuse this key: take another one',
    ],
  ])('%s', (_name, structs, line) => {
    expect(refusals(structs)).toEqual([line]);
  });

  it('is one of several: all are named at once', () => {
    const lines = refusals({ List: object({}), A: object({ b: unknown(), c: array(unknown()) }) });

    expect(lines.map((line) => line.split(':', 1)[0])).toEqual(['at List', 'at A.b', 'at A.c.*']);
  });
});
