/** A project whose page is written in TypeScript. */
import {
  APP,
  type Files,
  manifestOf,
  MESSAGES,
  PAGE_CODEC,
  SERVER,
  STYLE,
  TEST,
  TSCONFIG,
} from './common.ts';

const PAGE = `/** Serves the page, which is bundled once, when the server starts. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { Router } from 'express';

const folder = fileURLToPath(new URL('../page/', import.meta.url));
const { outputFiles } = await build({
  entryPoints: [\`\${folder}main.ts\`],
  bundle: true,
  format: 'esm',
  write: false,
});
const script = outputFiles[0]?.text ?? '';
const html = await readFile(\`\${folder}index.html\`, 'utf8');
const style = await readFile(\`\${folder}style.css\`, 'utf8');

export const page: Router = Router();
page.get('/', (_request, response) => void response.type('html').send(html));
page.get('/main.js', (_request, response) => void response.type('js').send(script));
page.get('/style.css', (_request, response) => void response.type('css').send(style));
`;

const MAIN = `/** The page: shows the notes, and sends what is written. */
import { connect } from 'express-omnimessage/client';
import { type Note, pageCodec } from '../src/messages.ts';

const list = document.querySelector('ul') as HTMLUListElement;
const form = document.querySelector('form') as HTMLFormElement;
const input = document.querySelector('input') as HTMLInputElement;
const status = document.querySelector('output') as HTMLOutputElement;
const notes = new Map<string, Note>();

const link = connect({
  url: '/omni-ws',
  codec: pageCodec,
  // Also after a break: messages sent meanwhile were missed.
  onOpen: () => void link.send({ type: 'fetch' }),
  onMessage: (message) => {
    const news = message.type === 'notes' ? message.notes : [message.note];
    for (const note of news) notes.set(note.id, note);
    list.replaceChildren(...[...notes.values()].map(itemOf));
  },
});

link.subscribe(() => {
  status.textContent = link.getSnapshot().text;
});

form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (input.value === '') return;
  link.send({ type: 'add', text: input.value });
  input.value = '';
});

function itemOf({ text }: Note): HTMLLIElement {
  const item = document.createElement('li');
  item.textContent = text;
  return item;
}
`;

const HTML = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <title>Notes</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="/style.css" />
    <script type="module" src="/main.js"></script>
  </head>
  <body>
    <h1>Notes</h1>
    <form>
      <input aria-label="A note" maxlength="200" />
      <button>Add</button>
    </form>
    <ul></ul>
    <output></output>
  </body>
</html>
`;

const readme = (name: string): string => `# ${name}

An Express server and a page in TypeScript that talk by typed messages.

\`\`\`sh
npm install
npm start   # http://localhost:8000; open it in two windows
npm test
\`\`\`

| file              | what it is                                           |
| ----------------- | ---------------------------------------------------- |
| \`src/messages.ts\` | what travels: the one definition of both sides       |
| \`src/app.ts\`      | the server: a handler, HTTP and WebSocket, and a hub |
| \`page/main.ts\`    | the page                                             |
`;

/** The files of a project. */
export function typescriptProject(name: string, version: string): Files {
  const scripts = {
    start: 'tsx src/server.ts',
    test: 'node --import tsx --test test/app.test.ts',
    types: 'tsc',
  };
  return {
    'package.json': manifestOf({ name, version, scripts, more: { esbuild: '>=0.25.0' } }),
    'tsconfig.json': TSCONFIG,
    '.gitignore': 'node_modules\n',
    'README.md': readme(name),
    'src/messages.ts': MESSAGES + PAGE_CODEC,
    'src/app.ts': APP,
    'src/page.ts': PAGE,
    'src/server.ts': SERVER,
    'page/index.html': HTML,
    'page/main.ts': MAIN,
    'page/style.css': STYLE,
    'test/app.test.ts': TEST,
  };
}
