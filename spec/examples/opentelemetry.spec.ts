import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo } from 'node:net';
import { context, metrics, propagation, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { type Attached } from 'express-omnimessage';
import { type Express } from 'express';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../support/socket-client.ts';
import { until } from '../support/until.ts';

const spans = new InMemorySpanExporter();
const tracing = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
const points = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({
  exporter: points,
  exportIntervalMillis: 3_600_000,
});

let close: Attached<Express>['close'];
let port: number;
beforeAll(async () => {
  tracing.register();
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  const example = await import('../../examples/09-opentelemetry/server.ts');
  ({ close } = example);
  example.server.listen(0, '127.0.0.1');
  await once(example.server, 'listening');
  ({ port } = example.server.address() as AddressInfo);
});
afterEach(() => spans.reset());
afterAll(async () => {
  await close({ timeout: 0 });
  await reader.shutdown();
  await tracing.shutdown();
  // What was registered is the whole process's, which other specs share.
  for (const api of [context, metrics, propagation, trace]) api.disable();
});

const post = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}/omni-http`, { method: 'POST', body, headers });

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

function spanOf(name: string): ReadableSpan {
  const span = spans.getFinishedSpans().find((each) => each.name === name);
  if (span === undefined) throw new Error(`no span ${name}`);
  return span;
}

describe('examples/09-opentelemetry', () => {
  it('has a span for a message over HTTP, in the trace of its client, and children of it', async () => {
    await post('{"type":"greet","name":"Lucy"}', { traceparent: `00-${TRACE}-${PARENT}-01` });

    const greet = spanOf('greet');
    expect(greet.spanContext().traceId).toBe(TRACE);
    expect(greet.parentSpanContext?.spanId).toBe(PARENT);
    expect(greet.attributes).toEqual({ 'omnimessage.tag': 'greet' });
    expect(spanOf('find').parentSpanContext?.spanId).toBe(greet.spanContext().spanId);
  });

  it('has spans of their own for the messages of a connection', async () => {
    const client = await connect(`ws://127.0.0.1:${port}/omni-ws`);
    for (const name of ['Lucy', 'Joe']) {
      client.send(`{"type":"greet","name":"${name}"}`);
      await client.next();
    }

    const greets = spans.getFinishedSpans().filter(({ name }) => name === 'greet');
    expect(new Set(greets.map((span) => span.spanContext().traceId)).size).toBe(2);
    const ids = greets.map(({ attributes }) => attributes['omnimessage.connection']);
    expect(ids[0]).toBeGreaterThan(0);
    expect(ids[1]).toBe(ids[0]);
  });

  it('marks the span of a message whose handler fails', async () => {
    await post('{"type":"greet","name":""}');

    expect(spanOf('greet').status.code).toBe(2);
    expect(spanOf('greet').events.map(({ name }) => name)).toEqual(['exception']);
  });

  it('counts connections, messages, errors and refusals', async () => {
    const client = await connect(`ws://127.0.0.1:${port}/omni-ws`);
    client.send('nonsense');
    await client.settled();
    client.socket.close();
    await client.closed;
    await post('');

    await until(async () => {
      await reader.forceFlush();
      return counted().some((line) => line.startsWith('omnimessage.refused'));
    });
    expect(counted()).toEqual(
      expect.arrayContaining([
        'omnimessage.connections {"transport":"websocket"}',
        'omnimessage.errors {"transport":"http","code":"handler"} 1',
        'omnimessage.errors {"transport":"websocket","code":"decode"} 1',
        'omnimessage.message.duration {"transport":"http","tag":"greet"} 2',
        'omnimessage.message.duration {"transport":"websocket","tag":"greet"} 2',
        'omnimessage.refused {"transport":"http","code":"empty"} 1',
      ]),
    );
  });

  it('is the recipe of docs/production.md', async () => {
    const read = (name: string): Promise<string> =>
      readFile(new URL(`../../${name}`, import.meta.url), 'utf8');

    const guide = await read('docs/production.md');

    expect(guide).toContain(
      `\`\`\`ts\n${await read('examples/09-opentelemetry/telemetry.ts')}\`\`\``,
    );
  });
});

/** What was exported last: the name and attributes of each point, and how often it was counted. */
function counted(): string[] {
  const scopes = points.getMetrics().at(-1)?.scopeMetrics ?? [];
  return scopes.flatMap((scope) =>
    scope.metrics.flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => {
        const count = typeof value === 'number' ? value : value.count;
        const name = `${descriptor.name} ${JSON.stringify(attributes)}`;
        return descriptor.name === 'omnimessage.connections' ? name : `${name} ${count}`;
      }),
    ),
  );
}
