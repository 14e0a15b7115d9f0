import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { chatNode, type ChatNode } from '../../examples/05-cluster/node.ts';
import { keys, redisUrl, withRedis } from '../support/redis.ts';
import { connect } from '../support/socket-client.ts';
import { until } from '../support/until.ts';

interface Member extends ChatNode {
  readonly url: string;
  readonly errors: unknown[];
}

async function member(prefix: string): Promise<Member> {
  const errors: unknown[] = [];
  const onError = (error: unknown): number => errors.push(error);
  const { server, close } = await chatNode({ url: redisUrl, prefix, onError });
  let closed: Promise<void> | undefined;
  const closeOnce = (): Promise<void> => (closed ??= close());
  onTestFinished(closeOnce);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { server, close: closeOnce, url, errors };
}

const chat = (id: string, content = `from ${id}`) => ({ id, content, status: 4, sent_at: 1 });

/** Says something over HTTP, and gives the ids and contents of all messages. */
async function say(url: string, message: unknown): Promise<[id: string, content: string][]> {
  const response = await fetch(`${url}/omni-http`, {
    method: 'POST',
    body: JSON.stringify(message),
  });
  const [, all] = (await response.json()) as [0, ReturnType<typeof chat>[]];
  return all.map(({ id, content, status }) => [id, `${content} ${status}`]);
}
const all = (url: string): Promise<[id: string, content: string][]> => say(url, [2, null]);

/** A window on the application: what it was told last. */
async function window(url: string): Promise<{ ids: () => string[]; people: () => number }> {
  const { socket } = await connect(`${url}/omni-app-ws`);
  let [ids, people]: [string[], number] = [[], 0];
  socket.on('message', (data: Buffer) => {
    const [tag, payload] = JSON.parse(data.toString()) as [0, { id: string }[]] | [1, number];
    if (tag === 0) ids = payload.map(({ id }) => id);
    else people = payload;
  });
  socket.send('[2,null]');
  return { ids: () => ids, people: () => people };
}

describe.runIf(withRedis)('examples/05-cluster', () => {
  it('shows on each process what was said on any, in the same order', async () => {
    const { prefix } = await keys();
    const [a, b] = await Promise.all([member(prefix), member(prefix)]);
    const [atA, atB] = [await window(a.url), await window(b.url)];

    const answers = [
      await say(a.url, [0, chat('one')]),
      await say(b.url, [0, chat('two')]),
      await say(a.url, [0, chat('three')]),
    ];
    await until(() => atA.ids().length === 3 && atB.ids().length === 3);

    expect(answers.map((answer) => answer.map(([id]) => id))).toEqual([
      ['one'],
      ['one', 'two'],
      ['one', 'two', 'three'],
    ]);
    expect(answers[0]).toEqual([['one', 'from one 2']]);
    expect(atA.ids()).toEqual(['one', 'two', 'three']);
    expect(atB.ids()).toEqual(['one', 'two', 'three']);

    await say(b.url, [1, 'one']);
    await until(() => atA.ids().length === 2 && atB.ids().length === 2);
    expect([...a.errors, ...b.errors]).toEqual([]);
  });

  it('hears the other process over the WebSocket and the application, too', async () => {
    const { prefix } = await keys();
    const [a, b] = await Promise.all([member(prefix), member(prefix)]);
    const pipe = await connect(`${a.url}/omni-pipe-ws`);
    const atB = await window(b.url);
    const atA = await connect(`${a.url}/omni-app-ws`);

    pipe.send(JSON.stringify([0, chat('by pipe')]));
    const answer = String(await pipe.next());
    atA.send(JSON.stringify([0, chat('by application')]));
    await until(() => atB.ids().length === 2);

    expect(answer).toContain('"by pipe"');
    expect(atB.ids()).toEqual(['by pipe', 'by application']);
  });

  it('keeps a message once that a page has said to two processes, and what it was at first', async () => {
    const { prefix } = await keys();
    const [a, b] = await Promise.all([member(prefix), member(prefix)]);

    await Promise.all([say(a.url, [0, chat('x', 'hello')]), say(b.url, [0, chat('x', 'hello')])]);
    await say(b.url, [0, chat('x', 'forged')]);

    expect(await all(a.url)).toEqual([['x', 'hello 2']]);
    expect(await all(b.url)).toEqual([['x', 'hello 2']]);
  });

  it('tells the sender alone of what it does not take', async () => {
    const { prefix } = await keys();
    const a = await member(prefix);

    const answer = await say(a.url, [0, chat('long', 'x'.repeat(1_001))]);

    expect(answer).toEqual([['long', `${'x'.repeat(1_001)} 0`]]);
    expect(await all(a.url)).toEqual([]);
  });

  it('has all of it again after a restart, also what was said meanwhile', async () => {
    const { prefix } = await keys();
    const [a, b] = await Promise.all([member(prefix), member(prefix)]);
    await say(a.url, [0, chat('before')]);

    await a.close();
    await say(b.url, [0, chat('meanwhile')]);
    await b.close();
    const again = await member(prefix);

    expect((await all(again.url)).map(([id]) => id)).toEqual(['before', 'meanwhile']);
  });

  it('keeps the last 200, and passes over what another version wrote', async () => {
    const { prefix, redis } = await keys();
    const key = `${prefix}:messages`;
    await redis.hSet(key, 'garbage', '{');
    await redis.hSet(key, 'unknown', '[1,{"id":7}]');
    for (let n = 0; n < 200; n++) {
      await redis.hSet(key, `old ${n}`, JSON.stringify([n, { ...chat(`old ${n}`), status: 2 }]));
    }
    const a = await member(prefix);

    const answer = await say(a.url, [0, chat('new')]);

    expect(answer).toHaveLength(200);
    expect(answer[0]?.[0]).toBe('old 1');
    expect(answer.at(-1)?.[0]).toBe('new');
    expect(await redis.hExists(key, 'old 0')).toBe(0);
  });

  it('counts the people of all processes', async () => {
    const { prefix } = await keys();
    const [a, b] = await Promise.all([member(prefix), member(prefix)]);

    const atA = await window(a.url);
    await until(() => atA.people() === 1);
    const atB = await window(b.url);
    await until(() => atA.people() === 2 && atB.people() === 2);
    await b.close();
    await until(() => atA.people() === 1);

    expect(a.errors).toEqual([]);
  });

  it('reads everything anew when something was missed', async () => {
    const { prefix, redis } = await keys();
    const a = await member(prefix);
    const atA = await window(a.url);
    const value = JSON.stringify([1, { ...chat('missed'), status: 2 }]);

    // Said on a hub whose message was refused: there is a note in its place.
    await redis.hSet(`${prefix}:messages`, 'missed', value);
    await redis.publish(`${prefix}:hub:t{messages}`, '1 1-1 - publisher------- 1 g\n');
    await until(() => atA.ids().length === 1);

    expect(atA.ids()).toEqual(['missed']);
  });
});

const cluster = fileURLToPath(new URL('../../examples/05-cluster/cluster.ts', import.meta.url));

/** Starts it as a person does, with all it prints. */
function startCluster(env: Record<string, string>): { child: ChildProcess; printed: () => string } {
  const child = spawn(process.execPath, ['--import', 'tsx', cluster], {
    env: { ...process.env, PORTS: '0,0', HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data: Buffer) => {
      printed += data.toString();
    });
  }
  onTestFinished(async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  return { child, printed: () => printed };
}

describe('npm run example:cluster', () => {
  it.each([
    ['Redis', 'redis://127.0.0.1:1', 'redis-server'],
    ['NATS', 'nats://127.0.0.1:1', 'nats-server -js'],
  ])(
    'says how to start %s where there is none',
    async (_, url, command) => {
      const { child, printed } = startCluster({ ENGINE_URL: url });

      const [code] = (await once(child, 'exit')) as [number];

      expect(code).toBe(1);
      expect(printed()).toContain(`Nothing listens at ${url}`);
      expect(printed()).toContain(command);
    },
    60_000,
  );

  it.runIf(withRedis)(
    'starts two processes, and another when one is killed, which has all of it',
    async () => {
      const { prefix } = await keys();
      const { child, printed } = startCluster({ ENGINE_URL: redisUrl, PREFIX: prefix });
      const urls = (): string[] => printed().match(/^http:\S+$/gm) ?? [];
      await until(() => urls().length === 2, 40_000);
      const [one = '', other = ''] = urls();

      await say(one, [0, chat('said on one')]);
      await until(async () => (await all(other)).length === 1);
      const pid = Number(/process (\d+)/.exec(printed())?.[1]);
      process.kill(pid, 'SIGKILL');
      await until(() => urls().length === 3, 40_000);
      const again = await all(urls()[2] ?? '');
      child.kill('SIGTERM');
      const [code] = (await once(child, 'exit')) as [number];

      expect(again).toEqual([['said on one', 'from said on one 2']]);
      expect(printed()).toContain(`process ${pid} has ended (SIGKILL)`);
      expect(code).toBe(0);
    },
    120_000,
  );
});
