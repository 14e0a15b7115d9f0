/**
 * The interface of a real package, `salon`, and texts that its compiled Gleam printed and read: see
 * samples/salon. Fields without labels, results and the rest that Gleam's own language server leaves
 * undone are tested by its module `legacy`.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as prettier from 'prettier';
import { type Struct } from 'superstruct';
import { describe, expect, it, onTestFinished } from 'vitest';
import { structCodec } from '../../lib/codecs/struct-codec.ts';
import { run } from '../../lib/cli/run.ts';
import { layoutFaults } from './gleam/layout-rules.ts';
import * as messages from './samples/salon/messages.ts';

const salon = new URL('samples/salon/', import.meta.url).pathname;
const roots = [
  '--client',
  'salon/message.ClientMessage',
  '--server',
  'salon/message.ServerMessage',
];

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly log: string;
}

async function cli(cwd: string, ...args: string[]): Promise<Ran> {
  let [out, log] = ['', ''];
  const code = await run(args, {
    out: (text) => void (out += text),
    log: (text) => void (log += text),
    cwd,
  });
  return { code, out, log };
}

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'typescript-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

const typescript = (...args: string[]): Promise<Ran> =>
  cli(salon, 'typescript', 'interface.json', ...args);

describe('typescript', () => {
  it('writes the structs of a package, and the Gleam codecs of the same types', async () => {
    const path = await directory();
    const out = join(path, 'messages.ts');
    const gleam = join(path, 'codecs.gleam');

    const { code } = await typescript(...roots, '--out', out, '--gleam', gleam);

    expect(code).toBe(0);
    const formatted = await prettier.format(await readFile(out, 'utf8'), {
      parser: 'typescript',
      printWidth: 100,
      singleQuote: true,
    });
    expect(formatted).toBe(await readFile(join(salon, 'messages.ts'), 'utf8'));
    expect(await readFile(gleam, 'utf8')).toBe(await readFile(join(salon, 'codecs.gleam'), 'utf8'));
  });

  it('reads and writes every text that Gleam printed', async () => {
    const golden = JSON.parse(await readFile(join(salon, 'golden.json'), 'utf8')) as {
      module: string;
      type: string;
      texts: string[];
    }[];
    const structs = messages as unknown as Record<string, Struct>;
    const names: Record<string, string> = {
      'salon/chat/types.Message': 'ChatTypesMessage',
      'salon/board/types.Message': 'BoardTypesMessage',
    };
    let count = 0;

    for (const { module, type, texts } of golden) {
      const struct = structs[names[`${module}.${type}`] ?? type];
      // Two types that the messages do not reach.
      if (struct === undefined) continue;
      const codec = structCodec({ incoming: struct, outgoing: struct });
      for (const text of texts) {
        const message = codec.decode(text);
        const printed = codec.encode(message);
        expect(JSON.parse(String(printed))).toEqual(JSON.parse(text));
        count++;
      }
    }

    expect(count).toBe(151);
  });

  it('completes what the language server leaves undone', async () => {
    const event = await typescript('--client', 'salon/legacy.Event');
    const outcome = await typescript('--client', 'salon/legacy.Outcome');
    const contact = await typescript(
      '--server',
      'salon/legacy.Contact',
      '--map',
      'salon/legacy.Email=string:salon/legacy.email_text:salon/legacy.email',
      '--map',
      'salon/legacy.Id=string:salon/legacy.id_text:salon/legacy.id',
    );

    expect(event.out).toContain("renamed: { '0': string(), to: string() },");
    expect(outcome.out).toContain('ok: { value: User }, error: { value: string() }');
    expect(contact.out).toContain('email: string(),\n  owner: string(),');
  });

  it('writes a dictionary with other keys as pairs', async () => {
    const path = join(await directory(), 'codecs.gleam');

    const { out } = await typescript('--client', 'salon/legacy.Scores', '--gleam', path);
    const codecs = await readFile(path, 'utf8');

    expect(out).toContain('by_role: array(tuple([Role, integer()])),');
    expect(codecs).toContain('json.array(dict.to_list(by_role), fn(value) {');
    expect(codecs).toContain('dict.from_list,');
    expect(layoutFaults(codecs)).toEqual([]);
  });

  it.each([
    ['Upload', 'constructor Upload, field bytes: JSON has no bytes: send a String (base64)'],
    ['Extra', 'constructor Extra, field value: a Dynamic can be decoded, but not encoded: give it'],
    ['Callback', 'constructor Callback, field run: a function does not travel'],
    ['Doubtful', 'constructor Doubtful, field twice: Some(None) and None are the same null'],
    ['Doubtful', 'constructor Doubtful, field nothing: Some(Nil) and None are the same null'],
    ['Contact', 'field email: salon/legacy.Email is opaque or made elsewhere'],
    ['Contact', '--map salon/legacy.Id=string:MODULE.to_string:MODULE.from_string'],
    ['Shown', 'field hidden: salon/legacy.Hidden is not in the interface'],
    ['Socket', 'salon/legacy.Socket is opaque or made elsewhere'],
  ])('refuses %s by its place, and writes nothing', async (type, text) => {
    const path = join(await directory(), 'messages.ts');

    const { code, log } = await typescript('--client', `salon/legacy.${type}`, '--out', path);

    expect(code).toBe(2);
    expect(log).toContain(`interface.json: module salon/legacy, type ${type}`);
    expect(log).toContain(text);
    await expect(readFile(path)).rejects.toThrow('ENOENT');
  });

  it('refuses a generic type that has no end, and a type of which no value can be made', async () => {
    const path = await directory();
    const named = (name: string, parameters: unknown[] = []): unknown => ({
      kind: 'named',
      name,
      package: 'p',
      module: 'p',
      parameters,
    });
    const list = (of: unknown): unknown => ({
      ...(named('List', [of]) as object),
      module: 'gleam',
    });
    const type = (parameters: number, field: unknown): unknown => ({
      documentation: null,
      parameters,
      constructors: [
        {
          documentation: null,
          name: 'Made',
          parameters: [{ label: 'next', type: field }],
        },
      ],
    });
    const variable = { kind: 'variable', id: 0 };
    const types = {
      Root: type(0, named('Nest', [named('Root')])),
      Nest: type(1, { ...(list(named('Nest', [list(variable)])) as object) }),
      Chain: type(0, named('Chain')),
    };
    await writeFile(join(path, 'i.json'), JSON.stringify({ name: 'p', modules: { p: { types } } }));

    const nest = await cli(path, 'typescript', 'i.json', '--client', 'p.Root');
    const chain = await cli(path, 'typescript', 'i.json', '--client', 'p.Chain');

    expect(nest.log).toContain('p.Nest holds itself with other arguments each time');
    expect(chain.log).toContain('type Chain: no value of it can be made');
    expect([nest.code, chain.code]).toEqual([2, 2]);
  });

  describe('a type whose constructors are not known', () => {
    const named = (module: string, name: string, ...parameters: unknown[]): unknown => ({
      kind: 'named',
      package: module === 'p' ? 'p' : '',
      module,
      name,
      parameters,
    });
    const string = named('gleam', 'String');
    const id = named('p', 'Id');
    const takes = (type: unknown, returned: unknown): unknown => ({
      parameters: [{ label: null, type }],
      return: returned,
    });
    const text = JSON.stringify({
      name: 'p',
      modules: {
        p: {
          types: {
            Id: { documentation: null, parameters: 0, constructors: [] },
            Root: {
              documentation: null,
              parameters: 0,
              constructors: [
                {
                  documentation: null,
                  name: 'Root',
                  parameters: [
                    { label: 'id', type: id },
                    { label: 'others', type: named('gleam/set', 'Set', id) },
                    { label: 'at', type: named('gleam/time', 'Time') },
                  ],
                },
              ],
            },
          },
          functions: {
            text: takes(id, string),
            parse: takes(string, named('gleam', 'Result', id, string)),
            length: takes(string, named('gleam', 'Int')),
          },
        },
      },
    });
    const mapped = async (...maps: string[]): Promise<Ran & { readonly codecs: string }> => {
      const path = await directory();
      await writeFile(join(path, 'i.json'), text);
      const options = maps.flatMap((map) => ['--map', map]);
      const ran = await cli(
        path,
        'typescript',
        'i.json',
        '--client',
        'p.Root',
        '--gleam',
        'c.gleam',
        ...options,
      );
      const codecs = await readFile(join(path, 'c.gleam'), 'utf8').catch(() => '');
      return { ...ran, codecs };
    };
    const time = 'gleam/time.Time=number:clock.to:clock.from';

    it('travels as another one, which may be refused', async () => {
      const { code, out, codecs } = await mapped('p.Id=string:p.text:p.parse:a:b', time);

      expect(code).toBe(0);
      expect(out).toContain('id: string(),\n  others: array(string()),\n  at: number(),');
      expect(codecs).toContain(
        'fn id_example() -> p.Id {\n  let assert Ok(value) = p.parse("a:b")\n  value\n}',
      );
      expect(codecs).toContain('decode_mapped(decode.string, p.parse, id_example(), "Id")');
      expect(codecs).toContain('#("at", json.float(clock.to(at)))');
      expect(layoutFaults(codecs)).toEqual([]);
    });

    it('keeps its parameters, of which nothing travels', async () => {
      const variable = { kind: 'variable', id: 0 };
      const type = (parameters: number, field: unknown, name: string): unknown => ({
        documentation: null,
        parameters,
        constructors: [{ documentation: null, name, parameters: [{ label: 'of', type: field }] }],
      });
      const opaque = (parameters: number): unknown => ({
        documentation: null,
        parameters,
        constructors: [],
      });
      const types = {
        Tag: opaque(0),
        Id: opaque(1),
        Page: type(1, named('gleam', 'List', variable), 'Page'),
        Root: type(0, named('p', 'Page', named('p', 'Id', named('p', 'Tag'))), 'Root'),
      };
      const path = await directory();
      await writeFile(
        join(path, 'i.json'),
        JSON.stringify({ name: 'p', modules: { p: { types, functions: {} } } }),
      );
      const map = ['--map', 'p.Id=string:ids.text:ids.id'];

      const { code } = await cli(
        path,
        'typescript',
        'i.json',
        '--client',
        'p.Root',
        ...map,
        '--gleam',
        'c.gleam',
      );

      expect(code).toBe(0);
      expect(await readFile(join(path, 'c.gleam'), 'utf8')).toContain(
        'pub fn page_of_id_decoder() -> decode.Decoder(p.Page(p.Id(p.Tag))) {',
      );
    });

    it.each([
      [
        'p.Id=string:p.text:p.parse',
        'p.parse returns a Result: name a value that it takes, as in …:p.parse:EXAMPLE',
      ],
      ['p.Id=string:p.nope:p.parse:a', 'p has no public function nope'],
      ['p.Id=integer:p.text:p.parse:1', 'p.text must return Int'],
      ['p.Id=string:p.length:p.parse:a', 'p.length must take one argument, of type Id'],
      ['p.Id=string:p.text:p.length', 'p.length must return Id'],
      ['p.Id=string:p.text:p.length:a', 'p.length must return Result(Id, …)'],
      ['p.Id=integer:p.text:p.parse:one', 'the example "one" is no Int'],
    ])('has functions that are looked at: %s', async (map, line) => {
      const { code, out, log, codecs } = await mapped(map, time);

      expect({ code, out, codecs }).toEqual({ code: 2, out: '', codecs: '' });
      expect(log).toContain(line);
      expect(log.trim()).not.toContain('\n');
    });
  });

  it('reads the interface of Gleam 1.18, which numbers the variables of aliases otherwise', async () => {
    const path = await directory();
    const text = await readFile(join(salon, 'interface.json'), 'utf8');
    const newer = JSON.parse(text, (key, value: unknown) =>
      key === 'type-aliases'
        ? (JSON.parse(JSON.stringify(value).replaceAll('"id":0', '"id":7')) as unknown)
        : value,
    ) as unknown;
    await writeFile(join(path, 'interface.json'), JSON.stringify(newer));

    const from18 = await cli(path, 'typescript', 'interface.json', ...roots);

    expect(JSON.stringify(newer)).not.toBe(JSON.stringify(JSON.parse(text)));
    expect(from18).toEqual(await typescript(...roots));
  });

  it.each<[args: string[], text: string]>([
    [[], 'which types are messages? Name them by --client'],
    [['--client', 'salon/message.Nope'], 'salon/message has no public type Nope; it has'],
    [['--client', 'salon/none.Nope'], 'there is no module salon/none in the interface'],
    [['--client', 'Nope'], 'there is no module'],
    [['--client', 'salon/page.Page'], 'salon/page.Page is generic'],
    [[...roots, '--map', 'birl.Time=date:a.b:c.d'], 'is not of the form module.Type=kind'],
    [[...roots, '--gleam', 'Codecs.gleam'], 'is no name of a Gleam module'],
  ])('is used wrongly: %j', async (args, text) => {
    const { code, out, log } = await typescript(...args);

    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(log).toContain(text);
    expect(log.trim()).not.toContain('\n');
  });

  it.each([
    ['none.json', undefined, 'there is no file none.json'],
    ['text.json', 'text', 'text.json is no JSON: write it by `gleam export'],
    ['other.json', '{"name":"x"}', 'other.json is no package interface'],
    [
      'new.json',
      '{"name":"x","modules":{"a":{"types":{"A":{}}}}}',
      'a form that is not known, at a.A',
    ],
  ])('is given %s', async (name, text, error) => {
    const path = await directory();
    if (text !== undefined) await writeFile(join(path, name), text);

    const { code, log } = await cli(path, 'typescript', name, ...roots);

    expect(code).toBe(2);
    expect(log).toContain(error);
  });
});
