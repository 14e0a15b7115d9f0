/** The files that every new project has: the messages, the server and its test. */

/** Files by their names. */
export type Files = Readonly<Record<string, string>>;

export const MESSAGES = `/** What travels between the page and the server: the one definition of both sides. */
import { described, named, structCodec, variants } from 'express-omnimessage/codecs';
import { array, type Infer, object, size, string } from 'superstruct';

export const Note = named(
  'Note',
  object({
    id: described('Made by the server.', string()),
    text: string(),
  }),
);

/** What the page sends. */
export const FromClient = variants('type', {
  add: { text: size(string(), 1, 200) },
  fetch: {},
});

/** What the server sends. An old page drops the fields that it does not know. */
export const FromServer = variants(
  'type',
  {
    notes: { notes: array(Note) },
    added: { note: Note },
  },
  { unknownFields: 'drop' },
);

export type Note = Infer<typeof Note>;
export type ClientMessage = Infer<typeof FromClient>;
export type ServerMessage = Infer<typeof FromServer>;

export const serverCodec = structCodec({ incoming: FromClient, outgoing: FromServer });
/** For the hub, which hands on what the server sends. */
export const hubCodec = structCodec({ incoming: FromServer, outgoing: FromServer });
`;

export const PAGE_CODEC = `export const pageCodec = structCodec({ incoming: FromServer, outgoing: FromClient });
`;

export const APP = `/** The server: one handler over HTTP and WebSocket, and a hub that reaches every page. */
import { randomUUID } from 'node:crypto';
import express from 'express';
import { attachWebSockets, createHub, type Handler, omniHttp, omniWs } from 'express-omnimessage';
import {
  type ClientMessage,
  hubCodec,
  type Note,
  serverCodec,
  type ServerMessage,
} from './messages.ts';
import { page } from './page.ts';

/** Makes the server. It listens when \`server.listen\` is called. */
export function makeApp() {
  const notes: Note[] = [];
  const hub = createHub({ codec: hubCodec });

  const handler: Handler<ClientMessage, ServerMessage> = (message) => {
    switch (message.type) {
      case 'add': {
        const note = { id: randomUUID(), text: message.text };
        notes.push(note);
        hub.publish('notes', { type: 'added', note });
        return undefined;
      }
      case 'fetch':
        return { type: 'notes', notes };
    }
  };
  const onError = (error: Error) => console.error(error.message);

  const { app, server, close } = attachWebSockets(express());
  app.use(omniHttp({ path: '/omni-http', codec: serverCodec, handler, onError }));
  app.ws(
    '/omni-ws',
    omniWs({
      codec: serverCodec,
      handler,
      onOpen: (connection) => hub.join('notes', connection),
      onError,
    }),
  );
  app.use(page);
  return { server, close };
}
`;

export const SERVER = `/** \`npm start\` runs this. PORT says where it listens. */
import { makeApp } from './app.ts';

const port = Number(process.env['PORT'] ?? 8000);
const { server, close } = makeApp();
server.listen(port, 'localhost', () => {
  const address = server.address();
  const at = typeof address === 'object' && address !== null ? address.port : port;
  console.log(\`http://localhost:\${at}\`);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void close().then(() => process.exit(0)));
}
`;

export const TEST = `/** \`npm test\` runs this: a real server on a free port. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { makeApp } from '../src/app.ts';
import { type Note } from '../src/messages.ts';

const { server, close } = makeApp();
let base: string;

before(async () => {
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const address = server.address();
  assert(typeof address === 'object' && address !== null);
  base = \`http://localhost:\${address.port}\`;
});

after(() => close());

async function send(message: unknown) {
  const body = JSON.stringify(message);
  const response = await fetch(\`\${base}/omni-http\`, { method: 'POST', body });
  return { status: response.status, text: await response.text() };
}

test('a note that is added is there for everybody', async () => {
  assert.equal((await send({ type: 'add', text: 'Hello' })).status, 200);

  const { notes } = JSON.parse((await send({ type: 'fetch' })).text) as { notes: Note[] };

  assert.deepEqual(
    notes.map(({ text }) => text),
    ['Hello'],
  );
});

test('what is no message is refused', async () => {
  assert.equal((await send({ type: 'add', text: '' })).status, 422);
});

test('the page is there', async () => {
  assert.match(await (await fetch(base)).text(), /<title>/);
});
`;

export const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2023",
    "lib": ["es2023", "dom", "dom.iterable"],
    "module": "nodenext",
    "strict": true,
    "skipLibCheck": true,
    "verbatimModuleSyntax": true,
    "erasableSyntaxOnly": true,
    "allowImportingTsExtensions": true,
    "noEmit": true
  },
  "include": ["src", "test", "page"]
}
`;

export const STYLE = `body {
  max-width: 40rem;
  margin: 2rem auto;
  padding: 0 1rem;
  font: 1rem/1.5 system-ui, sans-serif;
  color-scheme: light dark;
}

form {
  display: flex;
  gap: 0.5rem;
}

input {
  flex: 1;
}

input,
button {
  padding: 0.5rem;
  font: inherit;
}
`;

/** What `package.json` says. */
export function manifestOf(options: {
  readonly name: string;
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
  /** What it needs beside the packages that every project has. */
  readonly more?: Readonly<Record<string, string>>;
}): string {
  const { name, version, scripts, more = {} } = options;
  const manifest = {
    name,
    version: '0.0.0',
    private: true,
    type: 'module',
    scripts,
    dependencies: {
      express: '^5.1.0',
      'express-omnimessage': `^${version}`,
      superstruct: '^2.0.2',
      tsx: '^4.20.0',
      ...more,
    },
    devDependencies: { '@types/express': '^5.0.0', '@types/node': '>=20', typescript: '>=5.8.0' },
  };
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}
