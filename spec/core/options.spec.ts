import { describe, expect, it } from 'vitest';
import { expectOptions } from '../../lib/core/options.ts';

const names = { codec: true, handler: true, onError: true, heartbeat: true } as const;

describe('the names of options', () => {
  it.each([
    ['onErorr', 'onError'],
    ['onerror', 'onError'],
    ['onErro', 'onError'],
    ['error', 'onError'],
    ['hanlder', 'handler'],
    ['Codec', 'codec'],
    ['heartBeat', 'heartbeat'],
    ['heart-beat', 'heartbeat'],
  ])('%s is refused, and %s named', (wrong, right) => {
    expect(() => expectOptions('omniHttp', { codec: {}, [wrong]: () => {} }, names)).toThrow(
      new TypeError(
        `omniHttp has no option \`${wrong}\`: did you mean \`${right}\`? ` +
          '(it takes codec, handler, onError, heartbeat)',
      ),
    );
  });

  it.each(['maxBuffered', '', '__proto_', 'toString', 'constructor'])(
    '%j is refused, with all that there are',
    (wrong) => {
      expect(() => expectOptions('omniHttp', { [wrong]: 1 }, names)).toThrow(
        new TypeError(
          `omniHttp has no option \`${wrong}\` (it takes codec, handler, onError, heartbeat)`,
        ),
      );
    },
  );

  it('are not looked at where they are undefined', () => {
    expect(() => expectOptions('omniHttp', { codec: {}, onErorr: undefined }, names)).not.toThrow();
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['/omni', '"/omni"'],
    [() => {}, 'function'],
    [[], 'an array'],
  ])('%s is refused in the place of options', (given, shown) => {
    expect(() => expectOptions('omniHttp', given, names)).toThrow(
      new TypeError(
        `Expected omniHttp to get an object of options, as in omniHttp({ … }), got ${shown}`,
      ),
    );
  });
});
