import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { answerOrCut } from '../../lib/request/answer-or-cut.ts';
import { received } from '../support/received.ts';

describe('an answer', () => {
  it('is given', async () => {
    const { response, answer } = await received();

    answerOrCut(response, () => void response.end('here'));

    expect((await answer).statusCode).toBe(200);
  });

  it('that a middleware makes fail cuts the client off, and throws nothing', async () => {
    const { request, response } = await received();
    const closed = once(request.socket, 'close');
    response.end = () => {
      throw new Error('of a middleware');
    };

    expect(() => answerOrCut(response, () => void response.end('here'))).not.toThrow();

    await closed;
    expect(response.headersSent).toBe(false);
  });
});
