/**
 * A model of the pages, explored at random: whatever order keys, timers and messages come in, each
 * page ends as a fresh mount begins, and every typed letter is in the model.
 *
 *     AGREEMENT_MODEL=100000 AGREEMENT_SEED=1 npx vitest run spec/lustre/agreement.model.spec.ts
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { effect } from '../../lib/index.ts';
import {
  attribute,
  booleanAttribute,
  type Component,
  component,
  debounce,
  type Element,
  html,
  onChange,
  onCheck,
  onClick,
  onInput,
  text,
  throttle,
} from '../../lib/lustre.ts';
import { type Course, type Outcome, play } from '../support/agreement-model.ts';
import { randomOf } from '../support/random.ts';

const SCENARIOS = Number(process.env['AGREEMENT_MODEL'] ?? 1_500);
const SEED = Number(process.env['AGREEMENT_SEED'] ?? Date.now() % 1_000_000_000);

interface Field {
  readonly kind: 'text' | 'checkbox';
  readonly rule: 'echo' | 'upper' | 'short' | 'refuse';
  readonly pace: 'none' | 'debounced' | 'throttled';
  readonly isLeft: boolean;
}
type Model = readonly (string | boolean | number)[];
type Message = { readonly at: number; readonly value: string | boolean } | 'tick';

function fieldsOf(seed: number): readonly Field[] {
  const below = randomOf(seed ^ 0x2545f491);
  const one = <Item>(...items: readonly Item[]): Item => items[below(items.length)] as Item;
  return Array.from({ length: 1 + below(2) }, () => ({
    kind: one('text', 'text', 'text', 'checkbox'),
    rule: one('echo', 'upper', 'upper', 'short', 'refuse'),
    pace: one('none', 'none', 'debounced', 'throttled'),
    isLeft: below(2) === 0,
  }));
}

function componentOf(fields: readonly Field[]): Component<undefined, Model, Message> {
  return component<undefined, Model, Message>({
    init: () => [[0, ...fields.map(({ kind }) => (kind === 'text' ? '' : false))], effect.none()],
    update: (model, message) => {
      if (message === 'tick') return [model.with(0, Number(model[0]) + 1), effect.none()];
      const { at, value } = message;
      const { rule } = fields[at] as Field;
      if (rule === 'refuse') return [model, effect.none()];
      let kept = value;
      if (typeof kept === 'string' && rule === 'upper') kept = kept.toUpperCase();
      if (typeof kept === 'string' && rule === 'short') kept = kept.slice(0, 4);
      return [model.with(at + 1, kept), effect.none()];
    },
    view: ([ticks, ...values]) =>
      html.div(
        [],
        [
          html.p([], [text(Number(ticks))]),
          html.button([onClick('tick')], [text('tick')]),
          ...fields.map((field, at) => fieldView(field, at, values[at] as string | boolean)),
        ],
      ),
  });
}

function fieldView(
  { kind, pace, isLeft }: Field,
  at: number,
  value: string | boolean,
): Element<Message> {
  const entered = (entry: string | boolean): Message => ({ at, value: entry });
  if (kind === 'checkbox') {
    return html.input([
      attribute('type', 'checkbox'),
      booleanAttribute('checked', value === true),
      onCheck(entered),
    ]);
  }
  const typed = onInput(entered);
  return html.input([
    attribute('value', String(value)),
    pace === 'none' ? typed : pace === 'debounced' ? debounce(typed, 15) : throttle(typed, 15),
    ...(isLeft ? [onChange(entered)] : []),
  ]);
}

function courseOf(seed: number): Course {
  const below = randomOf(seed ^ 0x51ed270b);
  return {
    seed,
    pages: 1 + below(3),
    actions: 2 + below(30),
    weights: [1 + below(4), 1 + below(4), 1 + below(4), below(3)],
  };
}

/** What is wrong at the end; undefined when nothing is. */
function wrongOf(fields: readonly Field[], { shown, typed }: Outcome): string | undefined {
  const fresh = shown.at(-1) as readonly unknown[];
  for (const page of shown) {
    if (JSON.stringify(page) !== JSON.stringify(fresh)) return JSON.stringify(shown);
  }
  for (const [at, letters] of typed) {
    const { rule } = fields[at] as Field;
    if (rule !== 'echo' && rule !== 'upper') continue;
    const value = String(fresh[at]).toLowerCase();
    const lost = letters.split('').filter((letter) => !value.includes(letter));
    if (lost.length > 0) return `lost ${lost.join('')} of ${letters}: ${String(fresh[at])}`;
  }
  return undefined;
}

// No socket is involved, and all that waits in the server is a pause.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

describe('page and model, in every order of things', () => {
  it(`agree once all is quiet: ${SCENARIOS} scenarios from seed ${SEED}`, async () => {
    const wrong: string[] = [];
    for (let seed = SEED; seed < SEED + SCENARIOS; seed++) {
      const fields = fieldsOf(seed);
      const outcome = await play(componentOf(fields) as never, courseOf(seed));
      const what = wrongOf(fields, outcome);
      if (what === undefined) continue;
      wrong.push(`seed ${seed}: ${what}\n${JSON.stringify(fields)}\n${outcome.trace.join('\n')}`);
    }
    const [shortest = ''] = wrong.sort((one, other) => one.length - other.length);
    expect(wrong.length === 0 ? '' : `${wrong.length} mismatches, ${shortest}`).toBe('');
  }, 120_000);
});
