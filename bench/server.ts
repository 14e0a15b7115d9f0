/**
 * The process of one contender. It says its ports and waits for orders: `usage` is answered with
 * the CPU and memory of this process so far.
 */
import { broadcastServers } from './servers/broadcast.ts';
import { httpServers } from './servers/http.ts';
import { webSocketServers } from './servers/websocket.ts';
import { type Order, type ServerReport } from './protocol.ts';

const servers = { ...webSocketServers, ...httpServers, ...broadcastServers };

const post = (report: ServerReport): void => {
  process.send?.(report);
};

process.on('message', (order: Order) => {
  if (order.kind !== 'usage') return;
  if (order.collects) (globalThis as { gc?: () => void }).gc?.();
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  post({ kind: 'usage', cpu: user + system, rss, heap: heapUsed + external });
});
process.on('disconnect', () => process.exit());

const name = process.argv[2] ?? '';
const start = servers[name];
if (start === undefined) throw new TypeError(`Expected the name of a contender, got ${name}`);
post({ kind: 'listening', ...(await start()) });
