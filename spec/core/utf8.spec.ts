import { describe, expect, it } from 'vitest';
import { textOfBytes, withoutMark } from '../../lib/core/utf8.ts';

describe('the text of bytes', () => {
  it.each([
    ['without a mark', 'ü{}', 'ü{}'],
    ['with a mark', '\uFEFF{}', '{}'],
    ['with two marks', '\uFEFF\uFEFF{}', '\uFEFF{}'],
    ['with a mark in the middle', '{\uFEFF}', '{\uFEFF}'],
    ['that is a mark', '\uFEFF', ''],
    ['that is empty', '', ''],
  ])('%s', (_, text, expected) => {
    expect(textOfBytes(Buffer.from(text))).toBe(expected);
    expect(withoutMark(text)).toBe(expected);
  });

  it('is not taken for marked by a part of a mark', () => {
    expect(textOfBytes(Buffer.from([0xef, 0xbb, 0xbe]))).toBe('\uFEFE');
  });
});
