import { omniWs } from 'express-omnimessage';
import { describe, expect, it } from 'vitest';
import { textCodec } from './support/codecs.ts';
import { connect } from './support/socket-client.ts';
import { stacks } from './support/stacks.ts';

describe.each(stacks)('omniWs on %s', (_, stack) => {
  it('answers a frame with a frame', async () => {
    const url = await stack(
      omniWs({ codec: textCodec, handler: ({ text }) => ({ said: text.toUpperCase() }) }),
    );
    const client = await connect(url);

    client.send('{"text":"hello"}');

    expect(await client.next()).toBe('{"said":"HELLO"}');
  });

  it('answers in the order of the messages, also when the handlers end in another', async () => {
    const delays: Record<string, () => Promise<void>> = {
      slow: () => new Promise((resolve) => setImmediate(() => setImmediate(resolve))),
      fast: () => Promise.resolve(),
    };
    const url = await stack(
      omniWs({
        codec: textCodec,
        handler: async ({ text }) => {
          await delays[text.split(' ')[0]!]?.();
          return { said: text };
        },
      }),
    );
    const client = await connect(url);

    for (const text of ['slow 1', 'fast 2', 'slow 3', 'now 4'])
      client.send(JSON.stringify({ text }));

    expect(await client.next()).toBe('{"said":"slow 1"}');
    expect(await client.next()).toBe('{"said":"fast 2"}');
    expect(await client.next()).toBe('{"said":"slow 3"}');
    expect(await client.next()).toBe('{"said":"now 4"}');
  });
});
