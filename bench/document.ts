/** Puts what was measured into the guides, between the marks that stand there. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { markdown, type Table } from './report.ts';

const documents = ['performance.md', 'server-components.md'].map((name) =>
  fileURLToPath(new URL(`../docs/${name}`, import.meta.url)),
);
const results = fileURLToPath(new URL('results/', import.meta.url));

/** Replaces what stands between `<!-- bench: name -->` and `<!-- end -->`. */
function put(name: string, content: string): void {
  const mark = `<!-- bench: ${name} -->`;
  for (const document of documents) {
    const text = readFileSync(document, 'utf8');
    const from = text.indexOf(mark);
    if (from === -1) continue;
    const to = text.indexOf('<!-- end -->', from);
    writeFileSync(document, `${text.slice(0, from)}${mark}\n\n${content}\n${text.slice(to)}`);
  }
}

/** The tables of one question, and the targets as all records on disk have them. */
export function writeDocument(name: string, tables: readonly Table[]): void {
  put(name, tables.map(markdown).join('\n'));
  put('targets', markdown(targetTable()));
}

/** What is to be reached: a ratio, or a cost that the work says. */
interface Target {
  readonly work: string;
  readonly question: string;
  readonly atMost: number;
  readonly measured: (tables: readonly Table[]) => number;
}

const targets: readonly Target[] = [
  {
    work: 'WebSocket, window 1, against hand-written ws 8',
    question: 'ws',
    atMost: 0.95,
    measured: ratioOf('WebSocket on ws 8, window 1', 'ours on ws 8, structCodec'),
  },
  {
    work: 'WebSocket, window 16, by the public API of ws alone',
    question: 'ws',
    atMost: 0.55,
    measured: ratioOf('WebSocket on ws 8, window 16', 'ours on ws 8, public API alone'),
  },
  {
    work: 'WebSocket, window 16',
    question: 'ws',
    atMost: 0.45,
    measured: ratioOf('WebSocket on ws 8, window 16', 'ours on ws 8, structCodec'),
  },
  {
    work: 'express-ws, window 1, against hand-written ws 7',
    question: 'ws',
    atMost: 0.95,
    measured: ratioOf('WebSocket on ws 7, window 1', 'ours on express-ws, structCodec'),
  },
  {
    work: 'express-ws, window 16, against hand-written ws 7',
    question: 'ws',
    atMost: 0.5,
    measured: ratioOf('WebSocket on ws 7, window 16', 'ours on express-ws, structCodec'),
  },
  {
    work: 'an application, window 16, against hand-written ws 8',
    question: 'application',
    atMost: 0.6,
    measured: ratioOf('Application, window 16', 'ours, an application, structCodec'),
  },
  {
    work: 'HTTP on Express 5, against a hand-written route, both on app.listen',
    question: 'http',
    atMost: 1,
    measured: ratioOf('HTTP on Express 5', 'ours on Express 5, structCodec'),
  },
  {
    work: 'the same on the server of attachWebSockets',
    question: 'http',
    atMost: 1,
    measured: ratioOf('HTTP on Express 5', 'ours by attachWebSockets, structCodec'),
  },
  {
    work: 'HTTP on Connect, against hand-written node:http',
    question: 'http',
    atMost: 1.15,
    measured: ratioOf('HTTP without Express', 'ours on Connect, structCodec'),
  },
  {
    work: 'publish to 1,000, against a loop of send',
    question: 'broadcast',
    atMost: 0.85,
    measured: ratioOf('To 1,000', 'ours, publish of a hub'),
  },
  {
    work: 'the same in bursts of 8',
    question: 'broadcast',
    atMost: 0.15,
    measured: ratioOf('To 1,000, 8 at once', 'ours, publish of a hub'),
  },
  {
    work: 'decoding with variants of 3, 24, 100: the dearest to the cheapest',
    question: 'codec',
    atMost: 1.1,
    measured: ([table]) => {
      const all = (table?.rows ?? []).filter(([title]) => String(title).includes('variants of'));
      const costs = all.map(([, cost]) => Number(cost));
      return Math.max(...costs) / Math.min(...costs);
    },
  },
  {
    work: 'RSS per idle connection at 5,000, against bare ws',
    question: 'idle',
    atMost: 1.3,
    measured: ratioOf('RSS per idle connection at 5,000', 'ours on ws 8'),
  },
  {
    work: 'the same, joined to a hub',
    question: 'idle',
    atMost: 1.3,
    measured: ratioOf('RSS per idle connection at 5,000', 'ours on ws 8, joined to a hub'),
  },
  {
    work: 'CPU per message from 64 to 5,000 connections, same total rate',
    question: 'connections',
    atMost: 1.2,
    measured: ([table]) => Number(/\((.*)\)/.exec(String(table?.rows.at(-1)?.at(-1)))?.[1]),
  },
  {
    work: 'a handshake by attachWebSockets, against bare ws 8',
    question: 'resume',
    atMost: 1.2,
    measured: ratioOf('CPU of a handshake', 'ours by attachWebSockets, bare'),
  },
  {
    work: 'the same with the hello of omnimessage.1',
    question: 'resume',
    atMost: 1.2,
    measured: ratioOf('CPU of a handshake', 'ours by attachWebSockets, omnimessage.1'),
  },
  {
    work: '10,000 clients that are resumed at once, against bare handshakes by attachWebSockets',
    question: 'resume',
    atMost: 1.5,
    measured: (tables) =>
      ratioOf('10,000 clients back at once', 'ours by attachWebSockets, resume')(tables) /
      ratioOf('10,000 clients back at once', 'ours by attachWebSockets, bare')(tables),
  },
  {
    work: 'a message through Redis, µs of the process that publishes and hears it',
    question: 'hub',
    atMost: 20,
    measured: costOf('publisher'),
  },
  {
    work: 'the same, µs of a process that it does not concern',
    question: 'hub',
    atMost: 0.1,
    measured: costOf('foreign, over an idle twin'),
  },
  {
    work: 'the same, µs of Redis',
    question: 'hub',
    atMost: 12,
    measured: costOf('Redis, over an idle one'),
  },
  {
    work: 'the same, ms from process to process (p50)',
    question: 'hub',
    atMost: 1,
    measured: costOf('p50, ms'),
  },
];

function ratioOf(title: string, contender: string): Target['measured'] {
  return (tables) => {
    const table = tables.find((one) => one.title === title);
    const column = table?.head.indexOf('ratio') ?? -1;
    const row = table?.rows.find(([name]) => name === contender);
    return Number(row?.[column]);
  };
}

/** What a message costs the hub on one Redis: the first row of the first table. */
function costOf(column: string): Target['measured'] {
  return ([table]) => Number(table?.rows[0]?.[table.head.indexOf(column)]);
}

function recorded(question: string): readonly Table[] {
  const file = `${question}.json`;
  if (!existsSync(results) || !readdirSync(results).includes(file)) return [];
  return (JSON.parse(readFileSync(`${results}${file}`, 'utf8')) as { tables: Table[] }).tables;
}

function targetTable(): Table {
  return {
    title: 'Targets',
    head: ['work', 'at most', 'measured', ''],
    rows: targets.map(({ work, question, atMost, measured }) => {
      const ratio = measured(recorded(question));
      const verdict = Number.isNaN(ratio) ? 'not measured' : ratio <= atMost ? 'met' : 'missed';
      return [work, atMost.toFixed(2), Number.isNaN(ratio) ? '' : ratio.toFixed(2), verdict];
    }),
  };
}
