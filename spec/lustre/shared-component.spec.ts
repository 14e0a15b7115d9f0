import { describe, expect, it } from 'vitest';
import { effect, type OmniError } from '../../lib/index.ts';
import {
  omniServerComponent,
  type ServerComponent,
  startServerComponent,
} from '../../lib/lustre.ts';
import {
  connectJson,
  counter,
  type CounterMessage,
  serveComponent,
} from '../support/components.ts';

const errors: OmniError[] = [];
const onError = (error: OmniError): void => {
  errors.push(error);
};
const codes = (): string[] => errors.splice(0).map(({ code }) => code);

describe('startServerComponent', () => {
  it('throws what init throws', () => {
    const failing = {
      ...counter(),
      init: (): never => {
        throw new Error('no');
      },
    };

    expect(() => startServerComponent(failing, 0)).toThrow("the application's init failed");
  });

  it('tells onStop of the last model, once', () => {
    const told: number[] = [];
    const running = startServerComponent(counter(), 0, { onStop: (model) => told.push(model) });
    running.dispatch('more');

    running.stop();
    running.stop();
    running.dispatch('more');

    expect(told).toEqual([1]);
    expect(running.signal.aborted).toBe(true);
  });

  it('stops when nobody has looked on for so long: from the start, and again later', async () => {
    const started = (start: number): [Promise<number>, ServerComponent<CounterMessage>] => {
      let tell: (model: number) => void = () => {};
      const told = new Promise<number>((resolve) => {
        tell = resolve;
      });
      const onStop = (model: number): void => tell(model);
      return [told, startServerComponent(counter(), start, { idleTimeout: 500, onStop })];
    };
    const [told, running] = started(2);
    const page = await connectJson(
      await serveComponent(omniServerComponent({ shared: () => running })),
    );
    await page.next();
    // As long as it would have run without a viewer.
    expect(await started(3)[0]).toBe(3);
    expect(running.signal.aborted).toBe(false);
    page.socket.close();

    expect(await told).toBe(2);
  });

  it('tells onError of an onStop that throws, and of an effect', () => {
    errors.length = 0;
    const failing = effect.from<CounterMessage>(() => {
      throw new Error('no');
    });
    const running = startServerComponent(counter({}, { more: failing }), 0, {
      onError,
      onStop: () => {
        throw new Error('no');
      },
    });

    running.dispatch('more');
    running.stop();

    expect(codes()).toEqual(['effect', 'listener']);
  });
});
