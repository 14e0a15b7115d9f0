// What the servers use of the peers, so that the types hold where these are not installed.

declare module 'ws-7' {
  import { type WebSocketServer } from 'ws';
  const classes: { readonly Server: typeof WebSocketServer };
  export default classes;
}

declare module '@trpc/server' {
  interface Procedure {
    input: <Input>(parse: (value: unknown) => Input) => {
      mutation: (resolve: (options: { input: Input }) => unknown) => unknown;
    };
    subscription: (resolve: () => AsyncIterable<unknown>) => unknown;
  }

  interface Builder {
    router: (procedures: Record<string, unknown>) => unknown;
    procedure: Procedure;
  }

  export const initTRPC: { create: () => Builder };
}

declare module '@trpc/server/adapters/ws' {
  import { type WebSocketServer } from 'ws';
  export function applyWSSHandler(options: { wss: WebSocketServer; router: unknown }): unknown;
}

declare module '@trpc/server/adapters/express' {
  import { type RequestHandler } from 'express';
  export function createExpressMiddleware(options: { router: unknown }): RequestHandler;
}

declare module '@socket.io/redis-adapter' {
  export function createShardedAdapter(
    publisher: unknown,
    subscriber: unknown,
    options: object,
  ): unknown;
}

declare module '@socket.io/redis-streams-adapter' {
  export function createAdapter(client: unknown, options: object): unknown;
}
