/**
 * A room for users who have logged in: express-session, a login page, and sockets that belong to the
 * session. Without a session the socket is refused before the upgrade; logging out closes the sockets
 * of all tabs at once.
 *
 *     npx tsx examples/04-session/server.ts
 *
 * Then open http://localhost:8000 and log in as ada (password: lovelace) or as alan (turing).
 */
import { type AddressInfo } from 'node:net';
import express, { type Request, urlencoded } from 'express';
import { attachWebSockets, CloseCode, type Connection, omniWs } from 'express-omnimessage';
import { structCodec, variants } from 'express-omnimessage/codecs';
import { type Infer, size, string } from 'superstruct';
import { pages } from './pages.ts';
import { isLoggedIn, logIn, logOut, sessions, type User, userOf } from './sessions.ts';

const Incoming = variants('type', { say: { text: size(string(), 1, 500) } });
const Outgoing = variants('type', {
  welcome: { name: string() },
  said: { by: string(), text: string() },
});
type Outgoing = Infer<typeof Outgoing>;
type Visitor = Connection<Outgoing, User, Request>;

const { app, server, close } = attachWebSockets(express(), {
  // Asked before the upgrade: a browser without a session gets a real 401, and no socket.
  authorize: userOf,
  onError: (error) => console.error(error.message),
});

const visitors = new Set<Visitor>();

app.use(sessions);
app.use(pages);

app.post('/login', urlencoded({ extended: false }), async (request, response) => {
  const isKnown = await logIn(request);
  response.redirect(303, isKnown ? '/' : '/login?failed');
});

app.post('/logout', async (request, response) => {
  const { sessionID } = request;
  await logOut(request);
  for (const visitor of visitors) {
    if (visitor.request.sessionID === sessionID) visitor.close(CloseCode.Unauthorized);
  }
  response.redirect(303, '/login');
});

app.ws(
  '/room',
  omniWs({
    codec: structCodec({ incoming: Incoming, outgoing: Outgoing }),
    // What authorize returned; the session need not be read again.
    context: (_request: Request, user) => user as User,
    // A session that ends while the socket is open ends the socket, with 4401.
    expires: ({ until }) => until,
    onOpen: async (visitor) => {
      // Those who log out while their handshake is under way are not found by /logout. So the session
      // is read once more, after the visitor can be found.
      visitors.add(visitor);
      if (!(await isLoggedIn(visitor.request))) {
        visitor.close(CloseCode.Unauthorized);
        return;
      }
      visitor.send({ type: 'welcome', name: visitor.context.name });
    },
    onClose: (visitor) => {
      visitors.delete(visitor);
    },
    handler: ({ text }, { context }): undefined => {
      for (const visitor of visitors) visitor.send({ type: 'said', by: context.name, text });
    },
    onError: (error) => {
      if (error.code !== 'decode') console.error(error.message, error.cause);
      return undefined;
    },
  }),
);

export { close, server };
if (process.argv[1] === import.meta.filename) {
  server.listen(Number(process.env['PORT'] ?? 8000), 'localhost', () => {
    console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
  });
  process.once('SIGTERM', () => void close());
}
