/** What a client may do with one connection beside sending messages; over every transport. */
import { omniHttp, omniSse, omniWs } from 'express-omnimessage';
import { describe, expect, it } from 'vitest';
import { serveAttached } from '../support/attached.ts';
import { deferred } from '../support/deferred.ts';
import { type Says, textCodec } from '../support/codecs.ts';
import { dialHttp } from './served-http.ts';

const UPGRADE =
  'GET /ws HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n' +
  'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
const H2C =
  'GET /other HTTP/1.1\r\nhost: a\r\nupgrade: h2c\r\nconnection: upgrade, http2-settings\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n';
const post = (text: string): string =>
  `POST /http HTTP/1.1\r\nhost: a\r\ncontent-length: ${11 + text.length}\r\n\r\n{"text":"${text}"}`;
const GET = 'GET /sse HTTP/1.1\r\nhost: a\r\n\r\n';

describe('an upgrade that is pipelined', () => {
  const serve = async (answer: Promise<Says>): Promise<{ url: string; opened: string[] }> => {
    const opened: string[] = [];
    const { port } = await serveAttached((app) => {
      app.get('/quick', (_request, response) => response.send('quick'));
      app.use(
        omniHttp({
          path: '/http',
          codec: textCodec,
          handler: ({ text }) => (text === 'slow' ? answer : { said: text }),
        }),
      );
      app.get('/sse', omniSse<Says>({ codec: textCodec }));
      app.ws(
        '/ws',
        omniWs({
          codec: textCodec,
          handler: ({ text }): Says => ({ said: text }),
          onOpen: () => {
            opened.push('ws');
          },
        }),
      );
    });
    return { url: `http://127.0.0.1:${port}`, opened };
  };

  it.each([
    ['a message that is being handled, to a WebSocket', post('slow'), UPGRADE],
    ['a message that is being handled, to HTTP/2', post('slow'), H2C],
    ['two of them', post('slow') + post('a'), UPGRADE],
    ['a stream that goes on', GET, UPGRADE],
  ])('behind %s ends the connection', async (_, before, upgrade) => {
    const answer = deferred<Says>();
    const { url, opened } = await serve(answer.promise);
    const client = dialHttp({ url });
    let received = '';
    client.socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    client.write(before + upgrade);
    await client.ended;
    answer.resolve({ said: 'late' });

    expect(received).not.toContain('101 Switching');
    expect(opened).toEqual([]);
  });

  it('behind a request that was answered is taken, after the answer', async () => {
    const { url } = await serve(Promise.resolve({ said: 'never' }));
    const client = dialHttp({ url });
    client.write(GET.replace('sse', 'quick') + UPGRADE);

    expect((await client.answer())?.status).toBe(200);
    expect((await client.answer())?.status).toBe(101);
  });
});
