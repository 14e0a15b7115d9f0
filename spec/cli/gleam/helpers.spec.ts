import { describe, expect, it } from 'vitest';
import { Context } from '../../../lib/cli/gleam/context.ts';
import { type Helper, HELPERS, helperSources } from '../../../lib/cli/gleam/helpers.ts';
import { print } from '../../../lib/cli/gleam/layout.ts';
import { moduleOf } from '../../../lib/cli/gleam/syntax.ts';
import { layoutFaults } from './layout-rules.ts';

/** A module that is nothing but these helpers and what they need. */
function moduleWith(...names: readonly Helper[]): {
  readonly sources: readonly string[];
  readonly imports: readonly string[];
  readonly text: string;
} {
  const context = new Context({ smallest: new Map(), recursive: new Set(), functions: [] });
  for (const name of names) context.helper(name);
  const sources = helperSources(context);
  const imports = context.imports();
  return { sources, imports, text: print(moduleOf([], imports, sources)) };
}
const namesIn = (sources: readonly string[]): string[] =>
  sources.map((source) => /^fn (\w+)\(/m.exec(source)?.[1] ?? '');

describe('a private function that a module brings with it', () => {
  it.each(HELPERS)('%s stands with what it calls and imports, and nothing else', (name) => {
    const { sources, text } = moduleWith(name);
    const calls = (other: string): boolean => new RegExp(String.raw`\b${other}\(`).test(text);

    expect(namesIn(sources)).toEqual(HELPERS.filter((other) => other === name || calls(other)));
    // The formatter and the compiler have nothing against it, but that it is not called here.
    expect(layoutFaults(text)).toEqual([`nothing calls ${name}`]);
    // Every module that it names is imported. The rest are variables.
    const named = new Set(Array.from(text.matchAll(/\b([a-z]\w*)\.\w/g), ([, alias]) => alias));
    for (const [, alias] of text.matchAll(/^import (?:\w+\/)*(\w+)/gm)) named.delete(alias);
    expect([...named].filter((alias) => alias !== 'error' && alias !== 'date')).toEqual([]);
  });

  it.each<[name: Helper, imports: string[]]>([
    [
      'with_optional',
      ['import gleam/json', 'import gleam/list', 'import gleam/option.{type Option}'],
    ],
    ['decode_object', ['import gleam/dynamic', 'import gleam/dynamic/decode']],
    ['timestamp_to_string', ['import gleam/time/calendar', 'import gleam/time/timestamp']],
    ['duration_to_milliseconds', ['import gleam/time/duration']],
    [
      'date_from_string',
      [
        'import gleam/int',
        'import gleam/list',
        'import gleam/string',
        'import gleam/time/calendar',
      ],
    ],
  ])('%s imports %j', (name, imports) => {
    expect(moduleWith(name).imports).toEqual(imports);
  });

  it('stands in one order for all, each once', () => {
    const { sources, text } = moduleWith(...HELPERS.toReversed());

    expect(namesIn(sources)).toEqual(HELPERS);
    expect(layoutFaults(text).filter((fault) => !fault.startsWith('nothing calls'))).toEqual([]);
  });

  it('is none where none was asked for', () => {
    expect(moduleWith()).toEqual({ sources: [], imports: [], text: expect.any(String) as string });
  });
});
