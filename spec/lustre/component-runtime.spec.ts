import { describe, expect, it } from 'vitest';
import { effect, type OmniError, startApplication } from '../../lib/index.ts';
import { emit, omniServerComponent, provide } from '../../lib/lustre.ts';
import { connectJson, counter, counts, type CounterMessage } from '../support/components.ts';
import { stacks } from '../support/stacks.ts';

const [, serveOn] = stacks[0] as (typeof stacks)[0];

describe('the effects of a component', () => {
  it.each([
    ['emit', emit('x', 1)],
    ['provide', provide('x', 1)],
  ])('%s fails in a program without a view, and ends nothing', (_, wish) => {
    const errors: OmniError[] = [];
    const running = startApplication<number, number, CounterMessage>(
      {
        init: (start) => [start, effect.none()],
        update: (count) => [count + 1, effect.map(wish, (never) => never)],
      },
      0,
      { onError: (error) => errors.push(error), onStop: (model) => (last = model) },
    );
    let last: number | undefined;

    running.dispatch('more');
    running.dispatch('more');
    running.stop();

    expect(errors.map(({ code }) => code)).toEqual(['effect', 'effect']);
    expect(String(errors[0]?.cause)).toContain('got one of a server component');
    expect(last).toBe(2);
  });
});

describe('a frame with very many messages', () => {
  it('lets others have their turn meanwhile, and is answered', async () => {
    let turns = 0;
    let isCounting = true;
    const count = (): void => {
      turns += 1;
      if (isCounting) setImmediate(count);
    };
    let most = 0;
    let inTurn = 0;
    let seen = -1;
    const page = await connectJson(
      await serveOn(
        omniServerComponent({
          component: {
            ...counter({ attributes: { a: () => 'more' } }),
            update: (model: number) => {
              inTurn = seen === turns ? inTurn + 1 : 1;
              seen = turns;
              most = Math.max(most, inTurn);
              return [model + 1, effect.none()] as const;
            },
          },
          start: () => 0,
          limit: 1_000_000,
        }),
      ),
    );
    await page.next();
    setImmediate(count);

    const message = { kind: 0, name: 'a', value: '' };
    page.say({ kind: 3, messages: Array.from({ length: 4096 }, () => message) });
    let last: unknown;
    while (!JSON.stringify(last ?? '').includes('"4096"')) last = await page.next();
    isCounting = false;

    expect(last).toEqual(counts('4096'));
    expect(most).toBeLessThanOrEqual(128);
  });
});
