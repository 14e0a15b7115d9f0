/**
 * Texts that compiled Gleam printed: `samples/messages.gleam`, compiled to JavaScript and for the
 * BEAM by Gleam 1.14.0, decoded each `given` text and encoded what came of it.
 */
import { readFile } from 'node:fs/promises';
import { type Struct } from 'superstruct';
import { describe, expect, it } from 'vitest';
import { structCodec } from '../../../lib/codecs.ts';
import * as messages from '../samples/messages.ts';

interface Golden {
  readonly type: string;
  readonly given: string;
  readonly javascript: string;
  readonly beam: string;
}

const file = new URL('../samples/golden.json', import.meta.url);
const golden = JSON.parse(await readFile(file, 'utf8')) as Golden[];
const structs = messages as unknown as Readonly<Record<string, Struct>>;

describe('what compiled Gleam printed', () => {
  it.each(['javascript', 'beam'] as const)('is read by the structs: %s', (target) => {
    for (const { type, given, [target]: printed } of golden) {
      const struct = structs[type] as Struct;
      const codec = structCodec({ incoming: struct, outgoing: struct });

      const message = codec.decode(printed);

      expect(message).toEqual(codec.decode(given));
      expect(JSON.parse(String(codec.encode(message)))).toEqual(JSON.parse(given));
    }
  });

  it('shows every type, and what the targets print each their own way', () => {
    const types = new Set(golden.map(({ type }) => type));

    expect([...types].sort()).toEqual(Object.keys(structs).sort());
    // 1e21 is 1e+21 in JavaScript and 1.0e21 on the BEAM, 3 is 3 and 3.0.
    expect(golden.some(({ javascript, beam }) => javascript !== beam)).toBe(true);
  });
});
