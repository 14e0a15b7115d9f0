import express from 'express';
import { omniHttp } from 'express-omnimessage';
import { describe, expect, it } from 'vitest';
import { textCodec } from './support/codecs.ts';
import { serve } from './support/serve.ts';

describe('omniHttp', () => {
  it('answers a message with a message', async () => {
    const app = express();
    app.use(omniHttp({ path: '/omni', codec: textCodec, handler: ({ text }) => ({ said: text }) }));
    const url = await serve(app);

    const response = await fetch(`${url}/omni`, { method: 'POST', body: '{"text":"hello"}' });

    expect(response.status).toBe(200);
    expect(await response.text()).toBe('{"said":"hello"}');
  });
});
