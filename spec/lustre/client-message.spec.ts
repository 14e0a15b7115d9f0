import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../lib/core/errors.ts';
import { readFrame } from '../../lib/lustre/client-message.ts';

const event = { kind: 1, path: '0\t2', name: 'click', event: {} };
const read = { kind: 'event', path: '0\t2', name: 'click', event: {} };
const attribute = { kind: 0, name: 'value', value: '10' };
const batch = (...messages: unknown[]): object => ({ kind: 3, messages });
const nested = (depth: number): unknown => (depth === 0 ? event : batch(nested(depth - 1)));

describe('readFrame', () => {
  it.each([
    ['an attribute', attribute, [{ kind: 'attribute', name: 'value', value: '10' }]],
    [
      'a removed attribute',
      { kind: 0, name: 'a', value: null },
      [{ kind: 'attribute', name: 'a', value: null }],
    ],
    ['an event', event, [read]],
    [
      'a property',
      { kind: 2, name: 'p', value: [1] },
      [{ kind: 'property', name: 'p', value: [1] }],
    ],
    [
      'a property that is undefined',
      { kind: 2, name: 'p' },
      [{ kind: 'property', name: 'p', value: undefined }],
    ],
    ['a context, which nobody asked for', { kind: 4, key: 'k', value: 1 }, []],
    ['a kind of a newer runtime', { kind: 5, what: 1 }, []],
    ['an empty batch', batch(), []],
    ['a batch of one', batch(event), [read]],
    ['batches in a batch', batch(batch(event), batch(batch(event)), event), [read, read, read]],
    ['batches in batches, to the limit', nested(31), [read]],
    [
      'as many as there may be',
      batch(...Array.from({ length: 4096 }, () => event)),
      Array.from({ length: 4096 }, () => read),
    ],
    ['more fields than are known', { ...event, more: 1 }, [read]],
  ])('reads %s', (_, frame, expected) => {
    expect(readFrame(JSON.stringify(frame))).toEqual({
      isBatch: (frame as { kind: number }).kind === 3,
      messages: expected,
    });
  });

  it.each([
    ['no JSON', '{'],
    ['nothing', ''],
    ['an array', '[]'],
    ['null', 'null'],
    ['a number', '1'],
    ['no kind', '{}'],
    ['a kind that is a text', '{"kind":"1","path":"0","name":"x","event":{}}'],
    ['a kind that is no integer', '{"kind":1.5}'],
    ['an attribute without a value', '{"kind":0,"name":"x"}'],
    ['an attribute with an object', '{"kind":0,"name":"x","value":{}}'],
    ['an attribute without a name', '{"kind":0,"value":"x"}'],
    ['an event without a path', '{"kind":1,"name":"x","event":{}}'],
    ['a path that is an array', '{"kind":1,"path":[0],"name":"x","event":{}}'],
    ['an event without a name', '{"kind":1,"path":"0","event":{}}'],
    ['an event without data', '{"kind":1,"path":"0","name":"x"}'],
    ['event data that is an array', '{"kind":1,"path":"0","name":"x","event":[]}'],
    ['event data that is null', '{"kind":1,"path":"0","name":"x","event":null}'],
    ['a property without a name', '{"kind":2,"value":1}'],
    ['a batch without messages', '{"kind":3}'],
    ['a batch of an object', '{"kind":3,"messages":{"length":9}}'],
    ['a batch with something else in it', '{"kind":3,"messages":[null]}'],
    ['a prototype', '{"kind":1,"path":"0","name":"x","event":{"__proto__":{"a":1}}}'],
    ['a prototype in disguise', '{"kind":2,"name":"x","value":{"\\u005f_proto__":{"a":1}}}'],
    ['a constructor’s', '{"kind":2,"name":"x","value":{"constructor":{"prototype":{}}}}'],
    ['nesting past the limit', JSON.stringify(nested(33))],
    ['nesting far past it', '{"kind":3,"messages":['.repeat(10_000)],
    [
      'one more than there may be',
      JSON.stringify(batch(...Array.from({ length: 4097 }, () => event))),
    ],
  ])('refuses %s', (_, text) => {
    expect(() => readFrame(text)).toThrow(DecodeError);
  });
});
