import { describe, expect, it } from 'vitest';
import {
  gleamSnakeCase,
  numberLiteral,
  pascalCase,
  snakeCase,
  stringLiteral,
  takeName,
  unreserved,
} from '../../../lib/cli/gleam/names.ts';

describe('names', () => {
  it.each([
    ['sentAt', 'sent_at', 'SentAt'],
    ['userID', 'user_id', 'UserID'],
    ['HTTPProblem', 'http_problem', 'HTTPProblem'],
    ['e-mail', 'e_mail', 'EMail'],
    ['user_send', 'user_send', 'UserSend'],
    ['Größe', 'gro_e', 'GroE'],
    ['2d', '2d', '2d'],
    ['日本', '', ''],
    ['', '', ''],
  ])('of %j are %j and %j', (name, snake, pascal) => {
    expect([snakeCase(name), pascalCase(name)]).toEqual([snake, pascal]);
  });

  it('are spelt as Gleam spells tags where a constructor was there first', () => {
    expect(['HTTPProblem', 'V2', 'UserSend'].map(gleamSnakeCase)).toEqual([
      'h_t_t_p_problem',
      'v2',
      'user_send',
    ]);
  });

  it('are no words of the language', () => {
    expect(['type', 'echo', 'auto', 'true', 'false', 'name', 'types'].map(unreserved)).toEqual([
      'type_',
      'echo_',
      'auto_',
      'true_',
      'false_',
      'name',
      'types',
    ]);
  });

  it('are taken once', () => {
    const taken = new Set(['user']);

    expect(takeName('user', taken)).toBe('user_2');
    expect(takeName('user', taken)).toBe('user_3');
    expect(takeName('User', taken, '')).toBe('User');
    expect(takeName('User', taken, '')).toBe('User2');
  });
});

describe('literals', () => {
  it.each([
    ['a', '"a"'],
    ['"\\\n\t', String.raw`"\"\\\n\t"`],
    ['\u0000\u2028', String.raw`"\u{0000}\u{2028}"`],
    ['日本', '"日本"'],
  ])('of the string %j', (text, literal) => {
    expect(stringLiteral(text)).toBe(literal);
  });

  it.each([
    [0, '0'],
    [9999, '9999'],
    [20_000, '20_000'],
    [-1_234_567, '-1_234_567'],
    [0.5, '0.5'],
    [12_345.25, '12_345.25'],
    [1e-7, '1.0e-7'],
  ])('of the number %d', (number, literal) => {
    expect(numberLiteral(number)).toBe(literal);
  });
});
