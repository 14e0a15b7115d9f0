/** The hub on servers as others run them: over TLS, with few rights, and older than sharded channels. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHub, type Hub, type OmniError } from 'express-omnimessage';
import { redisBackplane, type RedisBackplaneOptions } from 'express-omnimessage/redis';
import { createClient } from 'redis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isThere, randomPrefix, startCluster } from '../../support/engines.ts';
import { freePort } from '../../support/free-port.ts';
import { until } from '../../support/until.ts';

const codec = {
  decode: (encoded: string): string => encoded,
  encode: (message: string): string => message,
};

interface Process {
  readonly hub: Hub<string>;
  readonly heard: string[];
  readonly errors: OmniError[];
}

function processOf(options: RedisBackplaneOptions): Process {
  const heard: string[] = [];
  const errors: OmniError[] = [];
  const hub = createHub<string>({
    codec,
    backplane: redisBackplane(options),
    onError: (error) => errors.push(error),
    onGap: (topic, reason) => heard.push(`gap in ${topic}: ${reason}`),
  });
  onTestFinished(() => hub.close());
  return { hub, heard, errors };
}

const TOPICS = ['news', 'sports', 'weather', 'arts', 'jobs', 'cars'];

/** All that a hub does, from one process to another: publish, follow, read on, count, unfollow. */
async function useAll(options: RedisBackplaneOptions): Promise<Process> {
  const [a, b] = [processOf(options), processOf(options)];
  await Promise.all([a.hub.ready(), b.hub.ready()]);
  const place = await b.hub.place('news');
  const ends = TOPICS.map((topic) => b.hub.subscribe(topic, (message) => b.heard.push(message)));
  // What is heard by others is heard once it is heard by oneself.
  for (const topic of TOPICS) b.hub.publish(topic, `probe ${topic}`);
  await until(() => b.heard.length === TOPICS.length);
  for (const topic of TOPICS) a.hub.publish(topic, topic);
  await until(() => b.heard.length === 2 * TOPICS.length);
  await until(async () => (await a.hub.count('news')) === 1);
  const { messages, isComplete } = await a.hub.since('news', place ?? '');

  expect(b.heard.slice(TOPICS.length).toSorted()).toEqual(TOPICS.toSorted());
  expect([isComplete, messages.map(({ message }) => message)]).toEqual([
    true,
    ['probe news', 'news'],
  ]);
  for (const end of ends) end();
  await until(async () => (await a.hub.count('news')) === 0);
  expect([...a.errors, ...b.errors]).toEqual([]);
  return b;
}

/** The rights that docs/scaling.md names, for a prefix of ours. */
function documentedRights(prefix: string): { single: string[]; cluster: string[] } {
  const guide = readFileSync(new URL('../../../docs/scaling.md', import.meta.url), 'utf8');
  const [, block = ''] = /ACL SETUSER hub on >secret ([^`]*)```/.exec(guide) ?? [];
  const [, sentence = ''] = /On a cluster also (.*?)\.\n/s.exec(guide) ?? [];
  const more = [...sentence.matchAll(/`([^`]+)`/g)].map(([, right]) => right ?? '');
  const forUs = (right: string): string => right.replace('chat', prefix);
  const single = block.trim().split(/\s+/).map(forUs);
  return { single, cluster: [...single, ...more.map(forUs)] };
}

describe.runIf(isThere.cluster)('redisBackplane', () => {
  it('speaks TLS, by a certificate that only it trusts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'omnimessage-tls-'));
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    spawnSync('openssl', [
      ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'.split(' '),
      ...'-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1'.split(' '),
      ...`-keyout ${key} -out ${certificate}`.split(' '),
    ]);
    const port = String(await freePort());
    const server = spawn(
      'redis-server',
      [
        ...`--port 0 --tls-port ${port} --bind 127.0.0.1 --tls-auth-clients no`.split(' '),
        ...`--tls-cert-file ${certificate} --tls-key-file ${key} --save`.split(' '),
        '',
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    onTestFinished(async () => {
      const exit = once(server, 'exit');
      server.kill('SIGKILL');
      await exit;
      rmSync(folder, { recursive: true });
    });
    for await (const line of server.stdout) {
      if (String(line).includes('Ready to accept connections')) break;
    }
    const url = `rediss://127.0.0.1:${port}`;
    const ca = readFileSync(certificate);
    const client = createClient({ url, socket: { ca, tls: true } });

    await useAll({ client, prefix: randomPrefix() });
    const stranger = processOf({ url, prefix: randomPrefix() });
    await until(() => stranger.errors.length > 0);

    expect(stranger.errors.map(({ cause }) => (cause as Error).message)).toEqual([
      expect.stringMatching(/self.signed certificate/),
    ]);
  });

  it('needs no more rights on one Redis than docs/scaling.md names', async () => {
    const port = await freePort();
    const server = spawn('redis-server', ['--port', String(port), '--save', ''], {
      stdio: 'ignore',
    });
    onTestFinished(() => void server.kill('SIGKILL'));
    const tell = (...args: string[]): string =>
      spawnSync('redis-cli', ['-p', String(port), ...args], { encoding: 'utf8' }).stdout.trim();
    await until(() => tell('PING') === 'PONG');
    const prefix = randomPrefix();
    const { single } = documentedRights(prefix);

    expect(tell('ACL', 'SETUSER', 'hub', 'on', '>secret', ...single)).toBe('OK');
    await useAll({ url: `redis://hub:secret@127.0.0.1:${port}`, prefix });
  });

  it('needs no more rights on a cluster either, and uses sharded channels', async () => {
    const { ports, tell, stop } = await startCluster();
    onTestFinished(stop);
    const prefix = randomPrefix();
    const rights = documentedRights(prefix).cluster;
    for (const port of ports) {
      const reply = tell('-p', String(port), 'ACL', 'SETUSER', 'hub', 'on', '>secret', ...rights);
      expect(reply).toBe('OK');
    }
    const rootNodes = ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }));
    const defaults = { username: 'hub', password: 'secret' };

    const { hub } = await useAll({ cluster: { rootNodes, defaults }, prefix });
    hub.subscribe('news', () => {});
    const channels = (): string =>
      ports.map((port) => tell('-p', String(port), 'PUBSUB', 'SHARDCHANNELS')).join('');
    await until(() => channels().includes('{news}'));

    expect(channels()).toContain(`${prefix}:t{news}`);
  });

  it('uses plain channels where a cluster has no sharded ones, as Redis 6.2', async () => {
    const gone = ['SPUBLISH', 'SSUBSCRIBE', 'SUNSUBSCRIBE'];
    const { ports, tell, stop } = await startCluster(
      gone.flatMap((command) => ['--rename-command', command, '']),
    );
    onTestFinished(stop);
    const prefix = randomPrefix();
    const rootNodes = ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }));

    const { hub } = await useAll({ cluster: { rootNodes }, prefix });
    hub.subscribe('news', () => {});
    const channels = (): string =>
      ports.map((port) => tell('-p', String(port), 'PUBSUB', 'CHANNELS', `${prefix}:t*`)).join('');
    await until(() => channels().includes('{news}'));

    expect(channels()).toContain(`${prefix}:t{news}`);
  });
});
