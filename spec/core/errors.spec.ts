import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  AuthorizeError,
  BodyConsumedError,
  ContextError,
  DecodeError,
  EncodeError,
  HandlerError,
  HookError,
  OmniError,
  RouteError,
  statusOf,
  TimeoutError,
} from '../../lib/core/errors.ts';

const cause = new Error('secret');

describe('every error', () => {
  it.each<[error: OmniError, code: string, message: string, status: number]>([
    [new HandlerError({ cause }), 'handler', 'the handler failed', 500],
    [new AuthorizeError({ cause }), 'authorize', 'authorize failed', 500],
    [new RouteError({ cause }), 'route', "the socket's route failed", 500],
    [new ContextError({ cause }), 'context', 'context failed', 500],
    [new HookError('on-open', { cause }), 'on-open', 'onOpen failed', 500],
    [new HookError('on-close', { cause }), 'on-close', 'onClose failed', 500],
    [new EncodeError({ cause }), 'encode', 'the message could not be encoded', 500],
    [new DecodeError(undefined, { cause }), 'decode', 'expected a message', 422],
    [
      new TimeoutError('handler-timeout', 50),
      'handler-timeout',
      'the handler took longer than 50 ms',
      504,
    ],
    [
      new TimeoutError('context-timeout', 50),
      'context-timeout',
      'context took longer than 50 ms',
      504,
    ],
    [
      new TimeoutError('authorize-timeout', 50),
      'authorize-timeout',
      'authorize took longer than 50 ms',
      504,
    ],
    [
      new BodyConsumedError(),
      'body-consumed',
      'the body was read by an earlier middleware, which left nothing in request.body: ' +
        'mount omniHttp before the middleware that reads bodies',
      500,
    ],
  ])('has its name, code, text and status: %s', (error, code, message, status) => {
    expect(error).toBeInstanceOf(OmniError);
    expect(error.name).toBe(error.constructor.name);
    expect({ code: error.code, message: error.message, status: error.status }).toEqual({
      code,
      message,
      status,
    });
  });

  it('has a cause where there is one, if only undefined', () => {
    expect(new HandlerError({ cause }).cause).toBe(cause);
    expect('cause' in new HandlerError({ cause: undefined })).toBe(true);
    expect('cause' in new HandlerError({})).toBe(false);
  });

  it('keeps messages from logs, which print what is enumerable', () => {
    const error = new HandlerError({ cause, incoming: 'what I typed', outgoing: 'what I read' });

    expect(error).toMatchObject({ incoming: 'what I typed', outgoing: 'what I read' });
    expect(inspect(error)).not.toMatch(/what I/);
    expect(JSON.stringify(error)).not.toMatch(/what I/);
    expect('incoming' in new HandlerError({})).toBe(false);
  });
});

describe('the status that a cause asks for', () => {
  it.each([
    [{ status: 400 }, 400],
    [{ status: 599 }, 599],
    [{ statusCode: 404 }, 404],
    [{ status: 403, statusCode: 404 }, 403],
    [{ status: 399 }, undefined],
    [{ status: 600 }, undefined],
    [{ status: 404.5 }, undefined],
    [{ status: '404' }, undefined],
    [{ status: 200, statusCode: 404 }, undefined],
    [{}, undefined],
    [null, undefined],
    [undefined, undefined],
    ['404', undefined],
  ])('of %j is %s', (given, status) => {
    expect(statusOf(given)).toBe(status);
    expect(new HandlerError({ cause: given }).status).toBe(status ?? 500);
  });

  it('is none where asking for it throws', () => {
    const hostile = {
      get status(): number {
        throw new Error('no');
      },
    };

    expect(new HandlerError({ cause: hostile }).status).toBe(500);
  });

  it('is not asked of what could not be decoded: that is 422 on the wire', () => {
    expect(new DecodeError('expected a date', { cause: { status: 500 } }).status).toBe(422);
  });
});

describe('the place of a failure', () => {
  it('stands before what was expected there', () => {
    const error = new DecodeError('expected a date', { path: ['items', 2, 'due'] });

    expect(error.message).toBe('at items.2.due: expected a date');
    expect(error.path).toEqual(['items', 2, 'due']);
    expect(new EncodeError({ expected: 'a date', path: ['due'] }).message).toBe(
      'the message could not be encoded: at due: expected a date',
    );
    expect(new EncodeError({ expected: 'a date' }).path).toEqual([]);
  });

  it('is a text of 200 characters on one line, whatever it is', () => {
    const control = new DecodeError('expected\n\u0000\u001b\u0085\u2028\u2029a date', {
      path: ['a\tb'],
    });

    expect(control.message).toBe('at a?b: expected??????a date');
    expect(new DecodeError('x'.repeat(200)).message).toBe('x'.repeat(200));
    expect(new DecodeError('x'.repeat(201)).message).toBe('x'.repeat(200));
    expect(new DecodeError('x', { path: ['y'.repeat(300)] }).message).toHaveLength(200);
  });
});
