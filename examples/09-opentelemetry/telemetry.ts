import { type IncomingMessage } from 'node:http';
import { subscribe } from 'node:diagnostics_channel';
import { context, metrics, propagation, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  type CloseEvent,
  type ErrorEvent,
  type Handler,
  type MessageEvent,
  type OpenEvent,
  type RefusedEvent,
} from 'express-omnimessage';

/**
 * A handler with a span for each message: what it does (queries, requests) becomes a child of it.
 * The parent is the span that is active, or that of the `traceparent` header of the request.
 */
export function traced<
  In extends { readonly type: string },
  Out,
  Context,
  Request extends IncomingMessage,
>(handler: Handler<In, Out, Context, Request>): Handler<In, Out, Context, Request> {
  const tracer = trace.getTracer('express-omnimessage');
  return (message, exchange) => {
    const active = context.active();
    const isTraced = trace.getSpan(active) !== undefined;
    const parent = isTraced ? active : propagation.extract(active, exchange.request.headers);
    const connection = 'id' in exchange ? Number(exchange.id) : undefined;
    const attributes = { 'omnimessage.tag': message.type, 'omnimessage.connection': connection };
    return tracer.startActiveSpan(message.type, { attributes }, parent, async (span) => {
      try {
        return await handler(message, exchange);
      } catch (error) {
        span.recordException(error as Error);
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    });
  };
}

function on<Event>(name: string, listener: (event: Event) => void): void {
  subscribe(`omnimessage:${name}`, (event) => listener(event as Event));
}

/** Makes metrics of the events on `node:diagnostics_channel`. Call it once. */
export function measure(): void {
  const meter = metrics.getMeter('express-omnimessage');
  const connections = meter.createUpDownCounter('omnimessage.connections');
  const durations = meter.createHistogram('omnimessage.message.duration', { unit: 's' });
  const errors = meter.createCounter('omnimessage.errors');
  const refused = meter.createCounter('omnimessage.refused');

  on<OpenEvent>('open', ({ transport }) => connections.add(1, { transport }));
  on<CloseEvent>('close', ({ transport }) => connections.add(-1, { transport }));
  on<MessageEvent>('message', ({ transport, tag, duration }) =>
    durations.record(duration / 1_000, { transport, tag }),
  );
  on<ErrorEvent>('error', ({ transport, code }) => errors.add(1, { transport, code }));
  on<RefusedEvent>('refused', ({ transport, code }) => refused.add(1, { transport, code }));
}
