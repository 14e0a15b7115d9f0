/**
 * What TypeScript infers where a handler, `onError` or `emptyReply` is written inline: the literals of
 * their messages, from the codec. (FAULTS B8: they widened to string.)
 */
import {
  application,
  type Codec,
  createHub,
  effect,
  omniHttp,
  omniHttpHandler,
  omniWs,
  omniWsApplication,
  pipe,
  schemaCodec,
  structCodec,
  variants,
} from 'express-omnimessage';
import { array, type Infer, integer, object, string } from 'superstruct';
import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';

const FromClient = variants('type', { greet: { name: string() }, list: {} });
const FromServer = variants('type', {
  greeting: { text: string() },
  all: { items: array(object({ n: integer() })) },
  reload: {},
});
type Out = Infer<typeof FromServer>;
const codec = structCodec({ incoming: FromClient, outgoing: FromServer });
const bySchema = schemaCodec({
  incoming: z.object({ type: z.literal('greet') }),
  outgoing: z.discriminatedUnion('type', [
    z.object({ type: z.literal('greeting'), text: z.string() }),
    z.object({ type: z.literal('reload') }),
  ]),
});
const byHand: Codec<number, Out> = {
  decode: Number,
  encode: (message) => JSON.stringify(message),
};

describe('written inline, a reply keeps its literals', () => {
  it('in omniHttp and omniHttpHandler', () => {
    for (const make of [omniHttp, omniHttpHandler]) {
      make({
        path: '/omni',
        codec,
        handler: (message) => {
          expectTypeOf(message).toEqualTypeOf<Infer<typeof FromClient>>();
          return message.type === 'list'
            ? { type: 'all', items: [{ n: 1 }] }
            : { type: 'greeting', text: message.name };
        },
        onError: (error) => (error.code === 'decode' ? { type: 'reload' } : undefined),
        emptyReply: { type: 'reload' },
      });
      make({
        path: '/omni',
        codec: byHand,
        context: (request) => ({ user: request.url }),
        handler: async (message, { context }) => {
          expectTypeOf(message).toBeNumber();
          expectTypeOf(context.user).toEqualTypeOf<string | undefined>();
          await Promise.resolve();
          return { type: 'greeting', text: `${message}` };
        },
      });
    }
    expect.assertions(0);
  });

  it('in omniWs, also what is sent', () => {
    omniWs({
      codec,
      handler: (_message, { send }) => {
        send({ type: 'all', items: [] });
        return { type: 'reload' };
      },
      onOpen: (connection) => {
        connection.send({ type: 'greeting', text: 'Hi' });
      },
      onError: () => ({ type: 'reload' }),
    });
    omniWs({
      codec: bySchema,
      handler: () => ({ type: 'greeting', text: 'Hi' }),
      onError: async (error) => {
        await Promise.resolve(error);
        return { type: 'reload' };
      },
    });
    expect.assertions(0);
  });

  it('in pipe', () => {
    expect(
      pipe('{"type":"list"}', {
        codec,
        handler: () => ({ type: 'reload' }),
        onError: () => ({ type: 'reload' }),
      }),
    ).toBe('{"type":"reload"}');
  });

  it('in an application, its effects, and its onError', () => {
    type Message = Infer<typeof FromClient> | Out | { readonly type: 'tick' };
    const counter = application<undefined, number, Message>({
      init: () => [0, effect.every(1_000, { type: 'tick' })],
      update: (count, message) =>
        message.type === 'tick'
          ? [count + 1, effect.after(1, { type: 'greeting', text: 'Hi' })]
          : [count, effect.batch([effect.from((dispatch) => dispatch({ type: 'tick' }))])],
      codec,
    });
    omniWsApplication({
      application: counter,
      start: () => undefined,
      onError: (error) => (error.code === 'decode' ? { type: 'reload' } : undefined),
    });
    expect.assertions(0);
  });

  it('in a hub, its messages and what it maps them to', () => {
    const hub = createHub({ codec: structCodec({ incoming: FromServer, outgoing: FromServer }) });
    hub.publish('all', { type: 'greeting', text: 'Hi' });
    omniWs({
      codec,
      handler: () => undefined,
      onOpen: (connection) => {
        hub.join('all', connection, { map: () => ({ type: 'reload' }) });
      },
    });
    expect.assertions(0);
  });

  it('and a wrong one is an error', () => {
    omniHttp({
      path: '/omni',
      codec,
      // @ts-expect-error: there is no such message
      handler: () => ({ type: 'nope' }),
      // @ts-expect-error: there is no such message
      onError: () => ({ type: 'greeting', txt: 'x' }),
    });
    // @ts-expect-error: the field is a string
    omniWs({ codec, handler: () => ({ type: 'greeting', text: 1 }) });
    expect.assertions(0);
  });
});
