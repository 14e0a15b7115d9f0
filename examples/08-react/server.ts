/**
 * A list that several windows share, shown by React without an adapter.
 *
 *     npx tsx examples/08-react/server.ts
 *
 * Then open http://localhost:8000 in two windows, stop the server, tick something off, start it again.
 */
import { type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import express from 'express';
import { attachWebSockets, createHub, type OmniError, omniWs } from 'express-omnimessage';
import {
  type Item,
  listCodec,
  type PageMessage,
  serverCodec,
  type ServerMessage,
} from './messages.ts';

const onError = (error: OmniError): void => console.error(error.message);
const hub = createHub<ServerMessage>({ codec: listCodec, onError });
let items: readonly Item[] = [{ id: 'tea', text: 'Tea', done: false }];

/** The next list. A message that comes twice changes nothing the second time. */
function after(message: PageMessage): readonly Item[] {
  const { id } = message;
  if (message.type === 'tick') {
    return items.map((item) => (item.id === id ? { ...item, done: message.done } : item));
  }
  if (items.some((item) => item.id === id) || items.length >= 100) return items;
  return [...items, { id, text: message.text, done: false }];
}
const list = (): ServerMessage => ({ type: 'list', items: [...items] });

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('page/main.tsx', import.meta.url))],
  bundle: true,
  write: false,
  minify: true,
  format: 'esm',
  define: { 'process.env.NODE_ENV': '"production"' },
});
const script = outputFiles[0]?.text ?? '';

const { app, server, close } = attachWebSockets(express(), { onError });
app.disable('x-powered-by');
app.get('/', (_request, response) =>
  response.sendFile('page/index.html', { root: import.meta.dirname }),
);
app.get('/main.js', (_request, response) => response.type('js').send(script));
app.ws(
  '/list',
  omniWs({
    codec: serverCodec,
    onError,
    onOpen: (connection) => {
      hub.join('list', connection);
      connection.send(list());
    },
    handler: (message, connection) => {
      items = after(message);
      hub.publish('list', list(), { except: connection });
      return list();
    },
  }),
);

export { close, server };
if (process.argv[1] === import.meta.filename) {
  server.listen(Number(process.env['PORT'] ?? 8000), 'localhost', () => {
    console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void close());
}
