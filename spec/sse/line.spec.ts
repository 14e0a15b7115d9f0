import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { CloseCode } from '../../lib/core/close-codes.ts';
import { Prepared } from '../../lib/core/prepared.ts';
import { SseLine } from '../../lib/sse/line.ts';
import { received, type Received } from '../support/received.ts';

async function lineOf(headers?: Record<string, string>): Promise<Received & { line: SseLine }> {
  const given = await received(headers);
  return { ...given, line: new SseLine(given.response, false) };
}

/** All that the client gets, until the stream ends. */
async function textOf({ answer }: Received): Promise<string> {
  let text = '';
  for await (const piece of (await answer).setEncoding('utf8')) text += String(piece);
  return text;
}

describe('a line of server-sent events', () => {
  it('begins with the hello, whenever that was written, and keeps the order', async () => {
    const given = await lineOf();
    const { line } = given;

    line.write('{"version":1}', '!');
    expect(given.response.headersSent).toBe(false);
    line.begin();
    line.write('a', '');
    line.write(new Prepared('b'), '');
    line.write('', '.');
    line.close(1000);

    expect(await textOf(given)).toBe(
      'event: hello\ndata: {"version":1}\n\n' +
        'data: a\n\ndata: b\n\nevent: beat\ndata: \n\n' +
        'event: close\ndata: {"code":1000,"reason":""}\n\n',
    );
    expect((await given.answer).headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
  });

  it('sends nothing before it has begun, nor after it was closed', async () => {
    const given = await lineOf();
    const { line } = given;

    line.write('too early', '');
    line.begin();
    line.close(CloseCode.GoingAway, 'bye');
    line.write('too late', '');
    line.close(1000);
    line.begin();

    expect(await textOf(given)).toBe('event: close\ndata: {"code":1001,"reason":"bye"}\n\n');
  });

  it('is open until it is closed, or its client is gone', async () => {
    const closed = await lineOf();
    closed.line.begin();
    expect(closed.line.isOpen).toBe(true);
    closed.line.close(1000);
    expect(closed.line.isOpen).toBe(false);

    const gone = await lineOf();
    gone.line.begin();
    (await gone.answer).destroy();
    await once(gone.request.socket, 'close');
    expect(gone.line.isOpen).toBe(false);
    gone.line.write('nobody', '');
    expect(gone.line.bytesSent).toBe(0);
  });

  it('counts what was sent, and calls back when that was taken', async () => {
    const { line, response, answer } = await lineOf();
    line.begin();
    line.write('abc', '');
    expect(line.bytesSent).toBe('data: abc\n\n'.length);

    await Promise.all([new Promise<void>((resolve) => line.whenDrained(resolve)), answer]);

    expect(line.buffered).toBe(0);
    response.end();
  });

  it('counts what waits where the client does not read', async () => {
    const { line, answer, response } = await lineOf();
    line.begin();
    (await answer).pause();

    line.write('x'.repeat(20_000_000), '');

    expect(line.buffered).toBeGreaterThan(1_000_000);
    line.terminate();
    expect(response.req.socket.destroyed).toBe(true);
  });
});

describe('a line that is closed before it has begun', () => {
  it.each([
    [CloseCode.Unauthorized, 401, 'context'],
    [CloseCode.Forbidden, 403, 'context'],
    [CloseCode.Timeout, 504, 'context-timeout'],
    [CloseCode.GoingAway, 503, 'shutting-down'],
    [CloseCode.Failed, 500, expect.any(String) as string],
  ])('with %i is a problem with %i', async (code, status, name) => {
    const given = await lineOf();

    given.line.close(code);

    const { statusCode } = await given.answer;
    expect([statusCode, JSON.parse(await textOf(given))]).toEqual([
      status,
      expect.objectContaining({ status, code: name }),
    ]);
    expect(given.line.isOpen).toBe(false);
  });
});
