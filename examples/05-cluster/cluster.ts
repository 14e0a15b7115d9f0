/**
 * The chat on two server processes and one engine, Redis or NATS, behind nothing: a message sent on one appears on
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
 *     PORTS       where to listen: 8001,8002
 *     HOST        localhost
 *     ENGINE_URL  where the engine is: redis://127.0.0.1:6379, or nats://127.0.0.1:4222
 *     PREFIX      what its names begin with: omnimessage-chat
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

const { PORTS = '8001,8002', ENGINE_URL = 'redis://127.0.0.1:6379' } = process.env;
const program = fileURLToPath(new URL('node.ts', import.meta.url));

/** How long a process is left alone that has ended, in milliseconds. */
const REST = 1_000;

const HOW_TO = `Nothing listens at ${ENGINE_URL}. Start one of these, then this again:

    redis-server --save ''
    docker run --rm -p 6379:6379 redis:7

or NATS with JetStream, and ENGINE_URL=nats://127.0.0.1:4222 npm run example:cluster:

    nats-server -js
    docker run --rm -p 4222:4222 nats -js

or say where it is: ENGINE_URL=redis://user:secret@redis.example:6379 npm run example:cluster`;

async function isThere(): Promise<boolean> {
  const { hostname, port, protocol } = new URL(ENGINE_URL);
  const usual = protocol === 'nats:' ? 4_222 : 6_379;
  const socket = connect(port === '' ? usual : Number(port), hostname);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(2_000) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

const running = new Set<ChildProcess>();
let isEnding = false;

/** Starts a process, and another one whenever it has ended. */
function start(port: string): void {
  const child = fork(program, { env: { ...process.env, ENGINE_URL, PORT: port } });
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
