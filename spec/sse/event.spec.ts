import { describe, expect, it } from 'vitest';
import { eventOf, pushEventOf } from '../../lib/sse/event.ts';

/** What a browser makes of one event. Source: the HTML standard, section 9.2.6. */
function parsed(event: string): { name: string; data: string } {
  expect(event.endsWith('\n\n')).toBe(true);
  const fields = event
    .slice(0, -2)
    .split(/\r\n|\r|\n/)
    .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const);
  return {
    name: fields.find(([field]) => field === 'event')?.[1] ?? 'message',
    data: fields.flatMap(([field, value]) => (field === 'data' ? [value] : [])).join('\n'),
  };
}

describe('a push as an event', () => {
  it.each([
    ['a line', '{"a":1}'],
    ['nothing', ''],
    ['lines', 'a\nb\n\nc'],
    ['a line feed alone', '\n'],
    ['what looks like a field', 'data: a\nevent: close\n\nid: 1'],
    ['leading spaces', ' a\n b'],
    ['line separators that are none here', 'a\u2028b\u0085c'],
  ])('is the message as it was: %s', (_name, text) => {
    expect(parsed(pushEventOf(text))).toEqual({ name: 'message', data: text });
  });

  it.each(['a\rb', '\r\n', 'a\n\rb'])('is quoted where it has a carriage return: %j', (text) => {
    const { name, data } = parsed(pushEventOf(text));

    expect([name, JSON.parse(data)]).toEqual(['quoted', text]);
  });

  it('is base64 where the message is bytes, of exactly those', () => {
    const bytes = new Uint8Array([9, 255, 0, 13, 10, 9]).subarray(1, -1);

    const { name, data } = parsed(pushEventOf(bytes));

    expect([name, [...Buffer.from(data, 'base64')]]).toEqual(['bytes', [255, 0, 13, 10]]);
  });
});

describe('an event by its header', () => {
  it.each([
    ['!', 'hello'],
    ['.', 'beat'],
  ])('%s is named %s, of text and of bytes', (header, name) => {
    expect(parsed(eventOf('{"a":1}', header))).toEqual({ name, data: '{"a":1}' });
    expect(parsed(eventOf(Buffer.from('{"a":1}'), header))).toEqual({ name, data: '{"a":1}' });
  });

  it.each(['', '=1', '+1'])('%j is a push', (header) => {
    expect(eventOf('a', header)).toBe(pushEventOf('a'));
  });
});
