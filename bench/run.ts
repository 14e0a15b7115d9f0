/**
 * `npm run bench -- ws http` measures what was asked for, `npm run bench -- all` everything;
 * `--quick` with fewer rounds; `--record` writes bench/results/<question>.json and the tables of
 * docs/performance.md and docs/server-components.md as well.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Question } from './questions/question.ts';
import { application } from './questions/application.ts';
import { broadcast } from './questions/broadcast.ts';
import { client } from './questions/client.ts';
import { codec } from './questions/codec.ts';
import { connections } from './questions/connections.ts';
import { overHttp } from './questions/http.ts';
import { hub } from './questions/hub.ts';
import { idle } from './questions/idle.ts';
import { lustre } from './questions/lustre.ts';
import { resume } from './questions/resume.ts';
import { size } from './questions/size.ts';
import { ws } from './questions/ws.ts';
import { type Pace } from './contest.ts';
import { isPinned } from './processes.ts';
import { writeDocument } from './document.ts';
import { markdown } from './report.ts';

const questions: readonly Question[] = [
  ws,
  application,
  overHttp,
  broadcast,
  hub,
  idle,
  codec,
  lustre,
  size,
  connections,
  client,
  resume,
];

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** Makes the programs of the servers and of the generator. Ours is what is published: dist. */
async function bundle(): Promise<void> {
  await build({
    entryPoints: ['server.ts', 'load.ts', 'codec.ts', 'client.ts', 'lustre.ts', 'hub.ts'].map(here),
    outdir: here('.build'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    plugins: [
      {
        name: 'dist',
        setup: (builder) => {
          builder.onResolve({ filter: /^express-omnimessage(\/\w+)?$/ }, ({ path }) => ({
            path: `../../dist/${path.split('/')[1] ?? 'index'}.js`,
            external: true,
          }));
        },
      },
    ],
  });
}

function chosen(names: readonly string[]): readonly Question[] {
  if (names.length === 0) {
    const list = questions.map(({ name, asks }) => `  ${name.padEnd(12)} ${asks}`);
    print(`npm run bench -- <question ...> [--quick] [--record]\n\n${list.join('\n')}\n  all`);
    return [];
  }
  const unknown = names.filter(
    (name) => name !== 'all' && questions.every((one) => one.name !== name),
  );
  if (unknown.length > 0) throw new TypeError(`There is no question ${unknown.join(', ')}`);
  return questions.filter(({ name }) => names.includes('all') || names.includes(name));
}

const flags = new Set(process.argv.slice(2).filter((each) => each.startsWith('--')));
const names = process.argv.slice(2).filter((each) => !flags.has(each));
const pace: Pace = flags.has('--quick')
  ? { rounds: 7, milliseconds: 150 }
  : { rounds: 25, milliseconds: 250 };

if (!existsSync(here('node_modules'))) {
  print('The peers to compare with are not installed: npm ci --prefix bench');
  process.exit(1);
}
const asked = chosen(names);
if (asked.length > 0) await bundle();
const machine = {
  processors: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
  node: process.version,
  isPinned,
  version: (JSON.parse(readFileSync(here('../package.json'), 'utf8')) as { version: string })
    .version,
};
for (const question of asked) {
  const began = new Date();
  const tables = await question.answer(pace);
  for (const table of tables) print(markdown(table));
  if (flags.has('--record')) {
    mkdirSync(here('results'), { recursive: true });
    const record = {
      question: question.name,
      date: began.toISOString(),
      ...machine,
      ...pace,
      tables,
    };
    writeFileSync(
      here(`results/${question.name}.json`),
      `${JSON.stringify(record, undefined, 2)}\n`,
    );
    writeDocument(question.name, tables);
  }
}
