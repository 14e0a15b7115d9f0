/**
 * The goals of docs/reliability.md, each against a server in a process of its own. The long form
 * (`FAULTS=long npm run test:faults`) has the numbers of the goals; the short one has smaller ones,
 * and bounds on time that hold on a busy machine too.
 */
import { describe, expect, it, onTestFinished } from 'vitest';
import { anyFrame, anyRequest, oneOf } from '../drills/fuzz.ts';
import { RawHttp } from '../drills/raw-http.ts';
import { type Handshake, RawPeer } from '../drills/raw-peer.ts';
import { frame } from '../drills/wire.ts';
import { connect } from '../support/socket-client.ts';
import { client, drill, type Drilled, isLong, scaled } from './drilled.ts';
import { randomOf, seed } from './random.ts';
import { openRaw, say, sayFrame } from './served-socket.ts';

const MB = 1_048_576;
/** How much longer than the goal something may take in the short form. */
const slack = isLong ? 1 : 5;

/** A client that talks all the time, and to whom nothing may happen. */
async function talker({ ws }: Drilled, path = '/echo'): Promise<() => Promise<number>> {
  const peer = await openRaw({ url: ws + path });
  const stop = new AbortController();
  let count = 0;
  const talk = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      peer.write(Buffer.concat([sayFrame(`${count}`), sayFrame(`${count + 1}`)]));
      for (const n of [count, count + 1]) {
        const answer = await peer.next();
        if (answer !== `{"said":"${n}"}`) throw new Error(`Expected ${n}, got ${answer}`);
      }
      count += 2;
    }
  };
  const talking = talk();
  return async () => {
    stop.abort();
    await talking;
    return count;
  };
}

/** Runs so many at a time. */
async function atOnce(
  width: number,
  count: number,
  act: (n: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (next < count) await act(next++);
    }),
  );
}

function percentile(times: readonly number[], part: number): number {
  const sorted = times.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}

/** What was measured, for docs/reliability.md. */
function measured(goal: string, text: string): void {
  process.stdout.write(`${goal}: ${text}\n`);
}

describe(`drills, ${isLong ? 'long' : 'short'} form, seed ${seed}`, () => {
  it('G1 random frames and handshakes: nothing dies, and a client that talks all the time loses nothing', async () => {
    const random = randomOf('G1');
    const count = scaled(4_000, 200_000);
    const server = await drill();
    const stop = await talker(server);
    let sent = 0;

    await atOnce(20, count / 10, async () => {
      const shake: Handshake = {
        headers:
          random() < 0.1
            ? { [oneOf(random, ['upgrade', 'host', 'origin', 'sec-websocket-key'])]: 'odd' }
            : {},
        path: oneOf(random, ['/echo', '/echo', '/slow', '/late', '/nowhere', '/throws', '/%']),
      };
      const early = random() < 0.3 ? { early: anyFrame(random) } : {};
      const peer = new RawPeer(server.ws, { ...shake, ...early });
      await Promise.race([peer.status, peer.ended]);
      for (let frames = 0; frames < 10; frames += 1) peer.write(anyFrame(random));
      sent += 10;
      if (random() < 0.5) await peer.flushed();
      if (random() < 0.5) peer.reset();
      else peer.socket.destroy();
      await peer.ended;
    });

    const answered = await stop();
    const { wrong } = await server.report();
    expect(sent).toBeGreaterThanOrEqual(count);
    expect(answered).toBeGreaterThan(count / 100);
    expect(wrong).toBe(0);
    measured('G1', `${sent} frames, 0 deaths; ${answered} of ${answered} answered in order`);
  });

  it('G2 random requests: nothing dies, every status is one of the table, no handler sees what is no message', async () => {
    const random = randomOf('G2');
    const count = scaled(2_000, 50_000);
    const server = await drill();
    const statuses = new Map<number, number>();

    await atOnce(20, count, async () => {
      const http = new RawHttp(server.http);
      http.write(anyRequest(random));
      // Some requests are cut short, and wait for the rest: then it is the client who goes.
      if (random() < 0.3) http.socket.resetAndDestroy();
      else http.socket.end();
      const answer = await http.answer();
      const status = answer?.status ?? 0;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      http.socket.destroy();
    });

    const { wrong, handled } = await server.report();
    // Ours; those of a handshake (405, 426), of another path (404), Node's own, and no answer at all.
    const known = new Set([
      0, 200, 400, 403, 404, 405, 408, 413, 415, 417, 422, 426, 431, 500, 501, 505,
    ]);
    expect([...statuses.keys()].filter((status) => !known.has(status))).toEqual([]);
    expect(wrong).toBe(0);
    expect(handled).toBeGreaterThan(0);
    expect(statuses.get(200)).toBeGreaterThan(0);
    expect(statuses.get(422)).toBeGreaterThan(0);
    measured('G2', `${count} requests, 0 deaths; ${JSON.stringify(Object.fromEntries(statuses))}`);
  });

  it('G5 clients that never read, while the server speaks as fast as it can: cut, and the memory is small', async () => {
    const count = scaled(1, 10);
    const server = await drill();
    const warm = await openRaw({ url: `${server.ws}/firehose` });
    for (let n = 0; n < 50; n += 1) await warm.next();
    warm.socket.destroy();
    const before = (await server.report()).rss;

    const peers = await Promise.all(
      Array.from({ length: count }, () =>
        openRaw({ url: `${server.ws}/firehose` }, { isStubborn: true }),
      ),
    );
    const began = performance.now();
    let most = 0;
    for (const { socket } of peers) socket.pause();
    for (;;) {
      const { rss, closes } = await server.report();
      most = Math.max(most, rss - before);
      if ((closes['1013'] ?? 0) >= count) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }

    const took = performance.now() - began;
    // 1013 at the limit, and cut 5 s later.
    expect(took).toBeLessThan(6_000 + 1_000 * slack);
    expect(most).toBeLessThan((16 + count * 2) * MB);
    measured(
      'G5',
      `${count} readers: +${(most / MB).toFixed(1)} MB, over in ${took.toFixed(0)} ms`,
    );
  });

  it('G6, W43 unfinished frames and fragments of 64 KB each: held per client at most what is promised', async () => {
    const count = scaled(200, 1_000);
    const server = await drill();
    await openRaw({ url: `${server.ws}/echo` });
    const before = (await server.report()).rss;

    await atOnce(50, count, async (n) => {
      const peer = await openRaw({ url: `${server.ws}/echo` });
      if (n % 2 === 0) {
        peer.write(frame('x'.repeat(60_000), { claims: 65_536 }));
      } else {
        const part = 'x'.repeat(1_000);
        const rest = Array.from({ length: 60 }, () => frame(part, { opcode: 0, fin: false }));
        peer.write(Buffer.concat([frame(part, { fin: false }), ...rest]));
      }
      await peer.flushed();
    });
    const { rss, sockets } = await server.report();

    const each = (rss - before) / count;
    expect(sockets).toBe(count + 1);
    expect(each).toBeLessThan(1.5 * MB);
    expect(rss - before).toBeLessThan(200 * MB);
    measured(
      'G6',
      `${count} clients: +${((rss - before) / MB).toFixed(0)} MB, ${(each / 1024).toFixed(0)} KiB each`,
    );
  });

  it.each([
    ['without a rate limit', undefined, 50, 250],
    ['with a rate limit', { perSecond: 100, burst: 200 }, 20, 250],
  ] as const)(
    'G7 a client that floods, handlers of 0.2 ms, %s: a quiet one is answered soon',
    async (_, rateLimit, p99, max) => {
      const server = await drill(rateLimit === undefined ? {} : { rateLimit });
      const quiet = await openRaw({ url: `${server.ws}/busy` });
      const flood = await client('flood', `${server.ws}/busy`);
      const times: number[] = [];

      for (let n = 0; n < scaled(60, 400); n += 1) {
        const began = performance.now();
        quiet.write(sayFrame('quiet'));
        await quiet.next();
        times.push(performance.now() - began);
        // Less often than the limit allows.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const { handled, closes } = await server.report();

      expect(closes).toEqual(rateLimit === undefined ? {} : { 4429: 1 });
      expect(handled).toBeGreaterThan(rateLimit === undefined ? times.length * 5 : times.length);
      // Of few, the slowest one is that of a busy machine.
      expect(percentile(times, isLong ? 0.99 : 0.9)).toBeLessThan(p99 * slack);
      expect(percentile(times, 1)).toBeLessThan(max * slack);
      flood.kill('SIGKILL');
      measured(
        'G7',
        `${_}: p50 ${percentile(times, 0.5).toFixed(1)}, p99 ${percentile(times, 0.99).toFixed(1)}, max ${percentile(times, 1).toFixed(1)} ms`,
      );
    },
  );

  describe.each([
    ['attached, ws 7', {}],
    ['bare ws 8', { isBare: true }],
  ] as const)('G30 on %s', (on, options) => {
    it.each(['messages', 'fragments', 'pings', 'pongs', 'undecodable'])(
      'G30, A12 twenty clients that flood with %s: a quiet one is answered soon',
      async (kind) => {
        const server = await drill(options);
        const quiet = await openRaw({ url: `${server.ws}/echo` });
        const flood = await client('flood', `${server.ws}/echo`, kind, 20);
        await server.report();
        const times: number[] = [];

        for (let n = 0; n < scaled(60, 400); n += 1) {
          const began = performance.now();
          quiet.write(sayFrame('quiet'));
          await quiet.next();
          times.push(performance.now() - began);
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        const { stood, closes } = await server.report();
        flood.kill('SIGKILL');
        measured(
          'G30',
          `${kind}, ${on}: p50 ${percentile(times, 0.5).toFixed(1)}, p99 ${percentile(times, 0.99).toFixed(1)}, max ${percentile(times, 1).toFixed(1)} ms; the loop stood ${stood.toFixed(0)} ms; ${JSON.stringify(closes)}`,
        );

        expect(percentile(times, isLong ? 0.99 : 0.9)).toBeLessThan(50 * slack);
      },
    );
  });

  it('G8 a hundred clients, handlers of 0 to 20 ms: every answer in the order of the messages', async () => {
    const each = scaled(50, 1_000);
    const server = await drill();

    await Promise.all(
      Array.from({ length: 100 }, async () => {
        const peer = await openRaw({ url: `${server.ws}/slow` });
        peer.write(Buffer.concat(Array.from({ length: each }, (_, n) => sayFrame(String(n)))));
        for (let n = 0; n < each; n += 1) expect(await peer.next()).toBe(`{"said":"${n}"}`);
      }),
    );

    expect((await server.report()).handled).toBe(100 * each);
    measured('G8', `${100 * each} of ${100 * each} in order`);
  });

  it('G9 three messages in the packet of the handshake, 200 ms of middleware: all are answered', async () => {
    const count = scaled(500, 10_000);
    const server = await drill();
    const early = Buffer.concat(['1', '2', '3'].map(sayFrame));
    let answered = 0;

    await atOnce(250, count, async () => {
      const peer = await RawPeer.open(`${server.ws}/late`, { early });
      for (const n of [1, 2, 3]) if ((await peer.next()) === `{"said":"${n}"}`) answered += 1;
      peer.socket.destroy();
    });

    expect(answered).toBe(3 * count);
    measured('G9', `${answered} of ${3 * count} answered`);
  });

  it('G10 clients that are frozen, silent, spoken to, or drip: noticed in 2 x heartbeat + 0.5 s; a good one stays', async () => {
    // A machine that is busy may keep a good client from answering for a second.
    const half = scaled(2_500, 1_000);
    const heartbeat = { interval: half, timeout: half };
    const server = await drill({ heartbeat });
    const good = await connect(`${server.ws}/echo`);
    const frozen = await client('freeze', `${server.ws}/echo`);
    const began = performance.now();
    frozen.kill('SIGSTOP');
    const silent = await openRaw({ url: `${server.ws}/echo` });
    const dripping = await openRaw({ url: `${server.ws}/echo` });
    const spokenTo = await openRaw({ url: `${server.ws}/ticker` });
    const timer = setInterval(() => {
      dripping.write(frame('x'.repeat(100)).subarray(0, 1));
    }, 1.9 * half);
    dripping.write(frame('', { claims: 60_000 }));
    onTestFinished(() => {
      clearInterval(timer);
    });

    await Promise.all([silent.ended, dripping.ended, spokenTo.ended]);
    for (;;) {
      if (((await server.report()).closes['1006'] ?? 0) >= 4) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const took = performance.now() - began;

    expect(took).toBeGreaterThan(2 * half - 100);
    expect(took).toBeLessThan(2 * half + 500 * slack);
    good.send(say('here'));
    expect(await good.next()).toBe('{"said":"here"}');
    frozen.kill('SIGKILL');
    measured(
      'G10',
      `all four gone after ${took.toFixed(0)} ms at a heartbeat of ${half} + ${half} ms`,
    );
  });

  it('G11 a shutdown with many clients, a tenth of them frozen: over in time, 1001 to the others, exit code 0', async () => {
    const count = scaled(500, 5_000);
    const server = await drill();
    const peers: RawPeer[] = [];
    await atOnce(100, count, async (n) => {
      const isFrozen = n % 10 === 0;
      const peer = await openRaw({ url: `${server.ws}/slow` }, { isStubborn: isFrozen });
      if (isFrozen) peer.socket.pause();
      else peer.write(sayFrame(String(n)));
      peers.push(peer);
    });

    const { took, code } = await server.close(1_000);
    const frozen = peers.filter(({ socket }) => socket.isPaused());
    const endings = await Promise.all(
      peers.filter(({ socket }) => !socket.isPaused()).map(({ ended }) => ended),
    );

    expect(frozen.length).toBe(count / 10);
    expect(took).toBeLessThan(1_000 + 500 * slack);
    expect(code).toBe(0);
    expect(new Set(endings.map((ending) => ending.code))).toEqual(new Set([1001]));
    measured(
      'G11',
      `${count} clients: ${took.toFixed(0)} ms at a timeout of 1,000, exit code ${code}`,
    );
  });

  it('G15 origins by sockets and by HTTP, with a cookie and without: no foreign one passes', async () => {
    const server = await drill();
    const own = new URL(server.http).host;
    const foreign = [
      'null',
      '',
      'http://',
      'https://',
      'http://evil.example',
      `https://evil.example/${own}`,
      `http://${own}.evil.example`,
      `http://evil-${own}`,
      `http://${own}@evil.example`,
      `http://evil.example?${own}`,
      `http://evil.example#${own}`,
      `http://${own}/`,
      `http://${own}/a`,
      `http://${own}1`,
      'http://127.0.0.1',
      'http://localhost',
      'http://127.0.0.1:1',
      `ftp://${own}`,
      `file://${own}`,
      `//${own}`,
      own,
      `http:/${own}`,
      `http:\\\\${own}`,
      `http://${own} http://evil.example`,
      `http://evil.example, http://${own}`,
      'about:blank',
      'chrome-extension://abc',
      `HTTP://${own}`,
      `http://user@${own}`,
      `http://${own}:80`,
    ];
    let accepted = 0;

    for (const origin of [...foreign, `http://${own}`, undefined]) {
      for (const cookie of ['session=1', undefined]) {
        const isOwn = origin === undefined || origin === `http://${own}`;
        const headers = { host: own, origin, cookie };
        const peer = new RawPeer(`${server.ws}/echo`, { headers });
        const http = new RawHttp(server.http);
        const lines = Object.entries({ ...headers, 'content-length': '12' })
          .filter(([, value]) => value !== undefined)
          .map(([name, value]) => `${name}: ${String(value)}\r\n`);
        http.write(`POST /omni HTTP/1.1\r\n${lines.join('')}\r\n{"text":"a"}`);
        const status = (await http.answer())?.status;

        expect([origin, await peer.status, status]).toEqual([
          origin,
          isOwn ? 101 : 403,
          isOwn ? 200 : 403,
        ]);
        if (isOwn) accepted += 1;
        peer.socket.destroy();
        http.socket.destroy();
      }
    }

    expect((await server.report()).handled).toBe(accepted);
    measured('G15', `${foreign.length} foreign origins x 2 x 2: 0 accepted`);
  });

  it('G20 secrets in what is thrown, in cookies and in payloads: in no answer, no close reason, no event', async () => {
    const server = await drill();
    const secret = 'canary-from-outside';
    const received: Buffer[] = [];
    const headers = { cookie: secret, authorization: secret, 'sec-websocket-protocol': secret };
    const listen = (socket: {
      on: (name: 'data', told: (chunk: Buffer) => void) => unknown;
    }): void => {
      socket.on('data', (chunk) => received.push(chunk));
    };

    for (const path of ['/echo', '/throws', '/nowhere', '/forbidden', '/broken', `/${secret}`]) {
      const peer = new RawPeer(server.ws + path, { headers });
      listen(peer.socket);
      await peer.status;
      for (const text of [
        `{"text":"throw ${secret}"}`,
        `{"${secret}":1}`,
        `{"text":["${secret}"]}`,
        secret,
        `{"text":"a","${secret}\\n\\u0000":1}`,
      ]) {
        peer.write(frame(text));
      }
      for (let n = 0; n < 20; n += 1) peer.write(frame(secret));
      await peer.ended;
    }
    for (const body of [`{"text":"throw ${secret}"}`, `{"${secret}":1}`, secret, '']) {
      const http = new RawHttp(server.http);
      listen(http.socket);
      http.post(body, { cookie: secret, origin: body === '' ? `http://${secret}` : '' });
      await http.answer();
      http.socket.destroy();
    }
    const { log } = await server.report();

    expect(log.length).toBeGreaterThan(20);
    expect(Buffer.concat(received).length).toBeGreaterThan(500);
    expect(Buffer.concat(received).toString('latin1')).not.toContain('canary');
    expect(log.join('\n')).not.toContain('canary');
    expect(log.filter((line) => line.length > 1_024 || /\p{Cc}/u.test(line))).toEqual([]);
    expect(server.printed()).toBe('');
    measured('G20', `${log.length} log lines, ${received.length} packets: no secret`);
  });
});
