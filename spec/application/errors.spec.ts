import { ApplicationError, OmniError, RunawayError } from 'express-omnimessage';
import { describe, expect, it } from 'vitest';

describe('an ApplicationError', () => {
  it.each([
    ['start', "the application's start failed"],
    ['init', "the application's init failed"],
    ['update', "the application's update failed"],
    ['view', "the application's view failed"],
    ['listener', "the application's listener failed"],
    ['event', 'an event handler failed'],
    ['effect', 'an effect failed'],
    ['overflow', 'the mailbox of the program is full: it failed'],
  ] as const)('of %s says: %s', (code, message) => {
    const cause = new Error('secret');
    const error = new ApplicationError(code, { cause });

    expect(error).toBeInstanceOf(OmniError);
    expect(error).toMatchObject({ name: 'ApplicationError', code, message, cause, status: 500 });
  });
});

describe('a RunawayError', () => {
  it('says how often the program has dispatched to itself', () => {
    expect(new RunawayError(10_000)).toMatchObject({
      name: 'RunawayError',
      code: 'runaway',
      message: 'the program dispatched 10000 messages to itself without outside input',
      status: 500,
    });
  });
});
