/** What an event says about the control that it comes from. */
import { isRecord } from '../codecs/any-struct.ts';
import { type Control, isMultiple, type Known } from './vdom/control.ts';
import { choicesOf } from './vdom/event-words.ts';
import { STAMP } from './vdom/reports.ts';

export interface Report {
  /** What the control showed; undefined when the event does not say. */
  readonly value: Known | undefined;
  /** The number of the last write that it had seen; 0 when none. */
  readonly seen: number;
  /** The value of that write, where the page keeps it. */
  readonly kept: Known | undefined;
  /** What the user has typed so far is no value, and the browser gives none. */
  readonly isHalfTyped: boolean;
  /** The event as its handler is given it. */
  readonly event: unknown;
}

/** Reads an event: untrusted input, of whatever shape. */
export function report(control: Control | undefined, event: unknown): Report {
  const target = isRecord(event) ? own(event, 'target') : undefined;
  if (!isRecord(event) || !isRecord(target)) {
    return { value: undefined, seen: 0, kept: undefined, isHalfTyped: false, event };
  }
  const stamp = own(target, STAMP);
  const [seen, kept] = Array.isArray(stamp) ? (stamp as unknown[]) : [stamp];
  const validity = own(target, 'validity');
  return {
    value: control === undefined ? undefined : valueOf(control, target, event),
    seen: typeof seen === 'number' ? seen : 0,
    kept: typeof kept === 'string' || typeof kept === 'boolean' ? kept : undefined,
    isHalfTyped: isRecord(validity) && own(validity, 'badInput') === true,
    event: stamp === undefined ? event : withoutStamp(event, target),
  };
}

function valueOf(
  { kind, element }: Control,
  target: Readonly<Record<string, unknown>>,
  event: unknown,
): Known | undefined {
  switch (kind) {
    case 'selected': {
      const choices = choicesOf(event);
      if (choices !== undefined) return JSON.stringify(choices);
      return isMultiple(element) ? undefined : textIn(target);
    }
    case 'value':
      return textIn(target);
    case 'checked':
    case 'open': {
      const value = own(target, kind);
      return typeof value === 'boolean' ? value : undefined;
    }
  }
}

function textIn(target: Readonly<Record<string, unknown>>): string | undefined {
  const value = own(target, 'value');
  return typeof value === 'string' ? value : undefined;
}

function own(record: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function withoutStamp(
  event: Readonly<Record<string, unknown>>,
  target: Readonly<Record<string, unknown>>,
): unknown {
  const { [STAMP]: _, ...rest } = target;
  return { ...event, target: rest };
}
