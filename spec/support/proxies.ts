/** Debian's nginx and HAProxy, with exactly the configuration that docs/production.md shows. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

const guide = new URL('../../docs/production.md', import.meta.url);

/** A proxy that runs. */
export interface Proxy {
  readonly name: string;
  readonly url: string;
  /** What it has written to its log of errors. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/** The block of the guide in a language. */
async function block(language: string): Promise<string> {
  const text = await readFile(guide, 'utf8');
  const found = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(text)?.[1];
  if (found === undefined) throw new Error(`docs/production.md has no block in ${language}`);
  return found;
}

/** Replaces what differs on this machine: ports, and TLS. */
function replaced(config: string, pairs: readonly (readonly [string, string])[]): string {
  let text = config;
  for (const [from, to] of pairs) {
    if (!text.includes(from))
      throw new Error(`The guide's configuration has no "${from}" any more`);
    text = text.replace(from, to);
  }
  return text;
}

/** Starts nginx before two servers. */
export async function startNginx(ports: readonly [number, number]): Promise<Proxy> {
  const folder = await mkdtemp(join(tmpdir(), 'omni-nginx-'));
  const port = await freePort();
  const shown = replaced(await block('nginx'), [
    ['127.0.0.1:3000', `127.0.0.1:${ports[0]}`],
    ['127.0.0.1:3001', `127.0.0.1:${ports[1]}`],
    ['listen 443 ssl http2;', `listen 127.0.0.1:${port};`],
  ]);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const config = `
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    worker_processes 1;
    pid ${folder}/nginx.pid;
    error_log stderr warn;
    events { worker_connections 4096; }
    http {
      access_log off;
      ${paths.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n')}
      ${shown}
    }`;
  const file = join(folder, 'nginx.conf');
  await writeFile(file, config);
  const args = ['-p', folder, '-c', file, '-e', 'stderr', '-g', 'daemon off;'];
  return start('nginx', args, port, folder);
}

/** Starts HAProxy before two servers. */
export async function startHaproxy(ports: readonly [number, number]): Promise<Proxy> {
  const folder = await mkdtemp(join(tmpdir(), 'omni-haproxy-'));
  const port = await freePort();
  const shown = replaced(await block('haproxy'), [
    ['127.0.0.1:3000', `127.0.0.1:${ports[0]}`],
    ['127.0.0.1:3001', `127.0.0.1:${ports[1]}`],
    ['bind :443 ssl crt /etc/haproxy/example.com.pem alpn h2,http/1.1', `bind 127.0.0.1:${port}`],
  ]);
  const file = join(folder, 'haproxy.cfg');
  await writeFile(file, `global\n  log stderr format raw local0\n  maxconn 4096\n\n${shown}`);
  return start('haproxy', ['-db', '-f', file], port, folder);
}

async function start(name: string, args: string[], port: number, folder: string): Promise<Proxy> {
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin`;
  const child = spawn(name, args, {
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  const collect = (chunk: Buffer): void => {
    log += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  child.on('error', (error) => {
    log += String(error);
  });
  const ended = once(child, 'exit').catch(() => {});
  await until(() => {
    if (child.exitCode !== null) throw new Error(`${name} did not start: ${log}`);
    return answers(port);
  });
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    log: () => log,
    stop: () => stop(child, ended, folder),
  };
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function stop(child: ChildProcess, ended: Promise<unknown>, folder: string): Promise<void> {
  child.kill('SIGTERM');
  await ended;
  await rm(folder, { recursive: true, force: true });
}
