/**
 * Messages from a browser to a component. They are untrusted input: only their shape is checked here;
 * names, paths and values are checked where they are used.
 *
 * Wire shape: one JSON object a frame: `{"kind":0,"name","value"}` an attribute of the element has
 * changed, `{"kind":1,"path","name","event"}` an event, `{"kind":2,"name","value"?}` a property was
 * set, `{"kind":3,"messages"}` several, batches among them, `{"kind":4,"key","value"}` a context.
 */
import { isRecord } from '../codecs/any-struct.ts';
import { DecodeError } from '../core/errors.ts';
import { parseJson } from '../codecs/json.ts';

/** One thing that happened in a page. */
export type ClientMessage =
  | { readonly kind: 'attribute'; readonly name: string; readonly value: string | null }
  | {
      readonly kind: 'event';
      readonly path: string;
      readonly name: string;
      readonly event: unknown;
    }
  | { readonly kind: 'property'; readonly name: string; readonly value: unknown };

/** A page that waits for an answer collects some hundreds. */
const MAX_MESSAGES = 4096;

/** One frame from a browser. */
export interface ClientFrame {
  /**
   * Whether the page had collected it while it waited for an answer: then all of it happened before
   * that answer was shown.
   */
  readonly isBatch: boolean;
  readonly messages: readonly ClientMessage[];
}

/**
 * Reads a frame. Contexts, and kinds that are not known (of a newer browser runtime), are left out.
 * @throws {@link DecodeError} when it is not such a frame, or holds more than 4,096 messages
 */
export function readFrame(text: string): ClientFrame {
  const messages: ClientMessage[] = [];
  const value = parseJson(text);
  collect(value, messages);
  return { isBatch: (value as { kind: unknown }).kind === 3, messages };
}

function collect(value: unknown, messages: ClientMessage[]): void {
  if (!isRecord(value)) throw new DecodeError('expected an object');
  if (messages.length >= MAX_MESSAGES) {
    throw new DecodeError(`expected no more than ${MAX_MESSAGES} messages`);
  }
  const { kind, name } = value;
  switch (kind) {
    case 0:
      if (value['value'] !== null) expectString(value['value'], 'value');
      expectString(name, 'name');
      messages.push({ kind: 'attribute', name, value: value['value'] });
      return;
    case 1: {
      const { path, event } = value;
      expectString(path, 'path');
      expectString(name, 'name');
      if (!isRecord(event)) throw new DecodeError('expected an object', { path: ['event'] });
      messages.push({ kind: 'event', path, name, event });
      return;
    }
    case 2:
      expectString(name, 'name');
      messages.push({ kind: 'property', name, value: value['value'] });
      return;
    case 3: {
      const inner = value['messages'];
      if (!Array.isArray(inner)) throw new DecodeError('expected an array', { path: ['messages'] });
      for (const each of inner as unknown[]) collect(each, messages);
      return;
    }
    default:
      if (Number.isInteger(kind)) return;
      throw new DecodeError('expected an integer', { path: ['kind'] });
  }
}

function expectString(value: unknown, field: string): asserts value is string {
  if (typeof value !== 'string') throw new DecodeError('expected a string', { path: [field] });
}
