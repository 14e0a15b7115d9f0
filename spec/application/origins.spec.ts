import { describe, expect, it } from 'vitest';
import { Origins } from '../../lib/application/origins.ts';

describe('the origin of a message', () => {
  it('is known at its place alone, once', () => {
    const origins = new Origins();
    origins.put(3, 17);

    expect(origins.take(2)).toBeUndefined();
    expect(origins.take(3)).toBe(17);
    expect(origins.take(3)).toBeUndefined();
  });
});

describe('an origin', () => {
  it('is over when the last of its messages was handled, those put meanwhile too', () => {
    const origins = new Origins();
    origins.count(17);
    origins.put(1, 17);
    origins.put(2, 17);

    expect([origins.handled(17), origins.handled(17)]).toEqual([false, false]);
    origins.put(3, 17);
    expect([origins.handled(17), origins.handled(17)]).toEqual([false, true]);
  });

  it('has nothing to do with another one', () => {
    const origins = new Origins();
    origins.put(1, 17);
    origins.put(2, 18);
    origins.put(3, 18);

    expect(origins.handled(17)).toBe(true);
    expect([origins.handled(18), origins.handled(18)]).toEqual([false, true]);
  });

  it('may come again', () => {
    const origins = new Origins();
    origins.count(17);
    origins.handled(17);

    origins.put(1, 17);
    origins.put(2, 17);

    expect([origins.handled(17), origins.handled(17)]).toEqual([false, true]);
  });
});
