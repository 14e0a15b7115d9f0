/**
 * What happens on the sockets, counted for Prometheus. The library publishes it on
 * `node:diagnostics_channel`, without anything that a client sent: every label is one of ours.
 *
 *     npx tsx examples/07-metrics.ts
 *     curl localhost:8000/omni-http -d '{"type":"greet","name":"Lucy"}'
 *     curl localhost:8000/metrics
 */
import { subscribe } from 'node:diagnostics_channel';
import express from 'express';
import {
  attachWebSockets,
  type CloseEvent,
  type ErrorEvent,
  type Handler,
  type MessageEvent,
  omniHttp,
  omniWs,
  type OpenEvent,
  type RefusedEvent,
} from 'express-omnimessage';
import { structCodec, variants } from 'express-omnimessage/codecs';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type Infer, string } from 'superstruct';

const registry = new Registry();
const registers = [registry];

const open = new Gauge({
  name: 'omnimessage_connections',
  help: 'Connections that are open',
  labelNames: ['transport'] as const,
  registers,
});
const lifetimes = new Histogram({
  name: 'omnimessage_connection_seconds',
  help: 'How long connections were open, by the code with which they ended',
  labelNames: ['transport', 'code'] as const,
  buckets: [1, 10, 60, 600, 3_600, 36_000],
  registers,
});
const handling = new Histogram({
  name: 'omnimessage_message_seconds',
  help: 'From the decoding of a message to its reply',
  labelNames: ['transport', 'tag'] as const,
  buckets: [0.0001, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10],
  registers,
});
const bytes = new Counter({
  name: 'omnimessage_message_bytes_total',
  help: 'Size of the messages and of their replies',
  labelNames: ['transport', 'direction'] as const,
  registers,
});
const errors = new Counter({
  name: 'omnimessage_errors_total',
  help: 'What onError was told of',
  labelNames: ['transport', 'code'] as const,
  registers,
});
const refused = new Counter({
  name: 'omnimessage_refused_total',
  help: 'What a limit, an Origin or a refusal turned away',
  labelNames: ['transport', 'code', 'status'] as const,
  registers,
});

/** Listens to one channel; the events have the type that belongs to its name. */
function on<Event>(name: string, count: (event: Event) => void): void {
  subscribe(`omnimessage:${name}`, (event) => {
    count(event as Event);
  });
}

on<OpenEvent>('open', ({ transport }) => {
  open.inc({ transport });
});
on<CloseEvent>('close', ({ transport, code, duration }) => {
  open.dec({ transport });
  lifetimes.observe({ transport, code }, duration / 1_000);
});
on<MessageEvent>('message', ({ transport, tag = '', duration, received, sent }) => {
  handling.observe({ transport, tag }, duration / 1_000);
  bytes.inc({ transport, direction: 'received' }, received);
  bytes.inc({ transport, direction: 'sent' }, sent);
});
on<ErrorEvent>('error', ({ transport, code }) => {
  errors.inc({ transport, code });
});
on<RefusedEvent>('refused', ({ transport, code, status }) => {
  refused.inc({ transport, code, status });
});

const Incoming = variants('type', { greet: { name: string() } });
const Outgoing = variants('type', { greeting: { text: string() } });
const codec = structCodec({ incoming: Incoming, outgoing: Outgoing });
const handler: Handler<Infer<typeof Incoming>, Infer<typeof Outgoing>> = ({ name }) => ({
  type: 'greeting',
  text: `Hello, ${name}!`,
});

const { app, server, close } = attachWebSockets(express());
app.use(omniHttp({ path: '/omni-http', codec, handler }));
app.ws('/omni-ws', omniWs({ codec, handler }));

// In earnest: on a port that only Prometheus can reach.
app.get('/metrics', async (_request, response) => {
  response.type(registry.contentType).send(await registry.metrics());
});

export { close, server };
if (process.argv[1] === import.meta.filename) server.listen(8000);
