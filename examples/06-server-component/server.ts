/**
 * Server components of Lustre, rendered here and shown by Lustre's own runtime: a counter for each
 * window, and a table of all who are here.
 *
 *     LUSTRE_RUNTIME=/path/to/lustre-server-component.mjs npx tsx examples/06-server-component/server.ts
 *
 * Then open http://localhost:8000 in two windows. The file is part of Lustre, 5.3.2 or later: every
 * project that uses it has it, at build/packages/lustre/priv/static/. Without it the components run
 * and answer all the same, and the page says how to get it:
 *
 *     npx tsx examples/06-server-component/server.ts
 *
 * PORT says where to listen: 8000; 0 for a free port, which is printed.
 */
import { type AddressInfo } from 'node:net';
import express from 'express';
import { attachWebSockets, type OmniError } from 'express-omnimessage';
import { omniServerComponent, omniServerComponentSse } from 'express-omnimessage/lustre';
import { everyone } from './everyone.ts';
import { isOurs, pages } from './pages.ts';
import { visitor } from './visitor.ts';

/** What a browser got wrong is its own affair; the rest is ours. */
const onError = (error: OmniError): undefined => {
  if (error.code !== 'decode') console.error(error.message, error.cause);
};

const { app, server, close } = attachWebSockets(express(), { onError });
app.disable('x-powered-by');

const guards = { csrf: isOurs, onError };
app.ws('/visitor', omniServerComponent({ ...guards, component: visitor, start: () => undefined }));
app.ws('/everyone', omniServerComponent({ ...guards, shared: () => everyone }));
app.use(omniServerComponentSse({ ...guards, path: '/everyone/sse', shared: () => everyone }));
app.use(pages);

export { close, server };
if (process.argv[1] === import.meta.filename) {
  server.listen(Number(process.env['PORT'] ?? 8000), 'localhost', () => {
    console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void close());
}
