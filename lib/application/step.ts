/** What `init` and `update` return, and the check that it is that. */
import { dropRejection } from '../core/attempt.ts';
import { isPromise } from '../core/exchange.ts';
import { type Effect } from './effect.ts';

/** What `init` and `update` return: the model, and what shall be done. */
export type Step<Model, Message> = readonly [model: Model, effect: Effect<Message>];

/** @throws TypeError for what is not a step: an asynchronous update returns a promise */
export function checked<Model, Message>(
  name: 'init' | 'update',
  step: Step<Model, Message>,
): Step<Model, Message> {
  if (Array.isArray(step) && step.length === 2 && isEffect(step[1])) return step;
  // guard: an asynchronous update that rejects
  dropRejection(step);
  const got = isPromise(step) ? 'a promise' : Array.isArray(step) ? 'another array' : typeof step;
  throw new TypeError(`Expected \`${name}\` to return [model, effect], got ${got}`);
}

function isEffect(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
