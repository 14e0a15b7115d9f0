/**
 * Traces and metrics by OpenTelemetry: a span for each message, over HTTP and over a WebSocket, and
 * metrics of connections, messages, errors and refusals. Here both are printed.
 *
 *     npx tsx examples/09-opentelemetry/server.ts
 *     curl localhost:8000/omni-http -d '{"type":"greet","name":"Lucy"}'
 */
import express from 'express';
import { attachWebSockets, omniHttp, omniWs } from 'express-omnimessage';
import { structCodec, variants } from 'express-omnimessage/codecs';
import { trace } from '@opentelemetry/api';
import {
  ConsoleMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  ConsoleSpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { metrics } from '@opentelemetry/api';
import { type Infer, string } from 'superstruct';
import { measure, traced } from './telemetry.ts';

const isMain = process.argv[1] === import.meta.filename;
if (isMain) {
  new NodeTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())],
  }).register();
  const reader = new PeriodicExportingMetricReader({ exporter: new ConsoleMetricExporter() });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
}
measure();

const Incoming = variants('type', { greet: { name: string() } });
const Outgoing = variants('type', { greeting: { text: string() } });
const codec = structCodec({ incoming: Incoming, outgoing: Outgoing });

/** What a handler waits for: its span is a child of the message's. */
async function find(name: string): Promise<string> {
  return trace.getTracer('example').startActiveSpan('find', async (span) => {
    await Promise.resolve();
    span.end();
    if (name === '') throw new Error('nobody has no name');
    return name;
  });
}

const handler = traced(async ({ name }: Infer<typeof Incoming>) => ({
  type: 'greeting' as const,
  text: `Hello, ${await find(name)}!`,
}));

const { app, server, close } = attachWebSockets(express());
app.post('/omni-http', omniHttp({ codec, handler }));
app.ws('/omni-ws', omniWs({ codec, handler }));

export { close, server };
if (isMain) server.listen(8000);
