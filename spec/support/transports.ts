import express from 'express';
import { type Codec, type ErrorHandler, type Handler, omniHttp, omniWs } from 'express-omnimessage';
import { serve } from './serve.ts';
import { connect } from './socket-client.ts';
import { stacksOfThisRun as stacks } from './stacks.ts';

/** What every transport takes. */
export interface Served<In, Out, Context> {
  readonly codec: Codec<In, Out>;
  readonly handler: Handler<In, Out, Context>;
  readonly context?: () => Context | Promise<Context>;
  readonly onError?: ErrorHandler<Out, Context>;
  readonly limit?: number;
  readonly handlerTimeout?: number;
}

/** One client of one route. */
export interface Client {
  /** Sends a text, and gives all that came for it: nothing, or one reply. */
  readonly ask: (encoded: string) => Promise<string[]>;
}

export type Transport = <In, Out, Context>(served: Served<In, Out, Context>) => Promise<Client>;

const overHttp: Transport = async (served) => {
  const app = express();
  app.use(omniHttp({ path: '/omni', ...served }));
  app.use(((error, _request, response, _next) => {
    response.status((error as { status: number }).status).end();
  }) satisfies express.ErrorRequestHandler);
  const url = await serve(app);
  return {
    ask: async (body) => {
      const response = await fetch(`${url}/omni`, { method: 'POST', body });
      const text = await response.text();
      return response.status === 200 && text !== '' ? [text] : [];
    },
  };
};

/** Every way in which a message can travel. */
export const transports: readonly (readonly [name: string, transport: Transport])[] = [
  ['HTTP', overHttp],
  ...stacks.map(([name, stack]): readonly [string, Transport] => [
    `WebSocket, ${name}`,
    async (served) => {
      const client = await connect(await stack(omniWs(withEnd(served))));
      const nextOrClosed = (): Promise<string> => client.next().then(String, () => END);
      return {
        ask: async (encoded) => {
          client.send(encoded);
          client.send(END);
          const replies: string[] = [];
          for (let reply = await nextOrClosed(); reply !== END; reply = await nextOrClosed()) {
            replies.push(reply);
          }
          return replies;
        },
      };
    },
  ]),
];

const END = '"end"';

/**
 * The same with one message more, which is answered with itself: replies keep the order of the
 * messages, so when its reply has come there is none before it that is still to come.
 */
function withEnd<In, Out, Context>(served: Served<In, Out, Context>): Served<In, Out, Context> {
  const end: unknown = Symbol('end');
  return {
    ...served,
    codec: {
      ...served.codec,
      decode: (encoded) => (encoded === END ? (end as In) : served.codec.decode(encoded)),
      encode: (message) => (message === end ? END : served.codec.encode(message)),
    },
    handler: (message, exchange) =>
      message === end ? (end as Out) : served.handler(message, exchange),
  };
}
