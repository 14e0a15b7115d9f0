/**
 * The chat on two server processes and one Redis, behind nothing: a message sent on one appears on
 * the other.
 *
 *     npm run example:cluster
 *     curl localhost:8001/omni-http -d '[2,null]'
 *
 * Then open http://localhost:8001 and http://localhost:8002, each in a window. End one process, whose
 * ids are printed (kill -9 1234): the other one goes on, the page that was there waits, and says all
 * it has when the process is back, a second later.
 *
 * The environment may say
 *
 *     PORTS         where to listen: 8001,8002
 *     HOST          localhost
 *     REDIS_URL     where Redis is: redis://127.0.0.1:6379
 *     REDIS_PREFIX  what the names of its keys begin with: omnimessage-chat
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createClient } from 'redis';

const { PORTS = '8001,8002', REDIS_URL = 'redis://127.0.0.1:6379' } = process.env;
const program = fileURLToPath(new URL('node.ts', import.meta.url));

/** How long a process is left alone that has ended, in milliseconds. */
const REST = 1_000;

const HOW_TO = `There is no Redis at ${REDIS_URL}. Start one of these, then this again:

    redis-server --save ''
    docker run --rm -p 6379:6379 redis:7

or say where it is: REDIS_URL=redis://user:secret@redis.example:6379 npm run example:cluster`;

async function isThere(): Promise<boolean> {
  const client = createClient({
    url: REDIS_URL,
    socket: { reconnectStrategy: false, connectTimeout: 2_000 },
  });
  // What is wrong is what connect says.
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    client.destroy();
  }
}

const running = new Set<ChildProcess>();
let isEnding = false;

/** Starts a process, and another one whenever it has ended. */
function start(port: string): void {
  const child = fork(program, { env: { ...process.env, PORT: port } });
  running.add(child);
  console.log(`port ${port}: process ${child.pid}`);
  child.once('exit', (code, signal) => {
    running.delete(child);
    if (isEnding) return;
    console.log(`port ${port}: process ${child.pid} has ended (${signal ?? code})`);
    setTimeout(() => {
      if (!isEnding) start(port);
    }, REST);
  });
}

if (await isThere()) {
  for (const port of PORTS.split(',')) start(port);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      isEnding = true;
      for (const child of running) child.kill('SIGTERM');
    });
  }
} else {
  console.error(HOW_TO);
  process.exitCode = 1;
}
