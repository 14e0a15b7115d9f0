import { createServer, type IncomingMessage } from 'node:http';
import express from 'express';
import expressWs from 'express-ws';
import expressWs8 from 'express-ws-8';
import { type WebSocket, WebSocketServer } from 'ws';
import { serve } from './serve.ts';

/** A route as omniWs makes it, for the request that every stack can give. */
type Route = (socket: WebSocket, request: IncomingMessage) => void;

/** Starts a server with the route at /omni and gives its address. */
export type Stack = (route: Route) => Promise<string>;

async function onExpressWs(install: typeof expressWs, route: Route): Promise<string> {
  const application = express();
  const server = createServer(application);
  const { app } = install(application, server);
  app.ws('/omni', route);
  return `${await serve(server)}/omni`;
}

/** The servers on which a WebSocket route must do the same. */
export const stacks: readonly (readonly [name: string, stack: Stack])[] = [
  ['express-ws as it comes', (route) => onExpressWs(expressWs, route)],
  ['express-ws on ws 8', (route) => onExpressWs(expressWs8, route)],
  [
    'bare ws 8',
    async (route) => {
      const server = createServer();
      new WebSocketServer({ server }).on('connection', route);
      return `${await serve(server)}/omni`;
    },
  ],
];

/** On which Express this run is, if it says so: vitest.config.ts. */
const run = process.env['STACK'];

/**
 * For the specs that run on each Express: whether what has nothing to do with Express or ws is
 * tested now. Once is enough.
 */
export const isFirstRun = run !== 'express 4, ws 8';

/**
 * For the specs that run once on each Express: the three stacks, each of them once. Where the run
 * does not say on which Express it is, all three.
 */
export const stacksOfThisRun: typeof stacks = stacks.filter(
  ([name]) => run === undefined || (name === 'express-ws on ws 8') !== isFirstRun,
);
