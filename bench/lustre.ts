/** The process that measures server components: what an update costs, and what a running one weighs. */
import {
  attribute,
  component,
  type Element,
  html,
  keyed,
  memo,
  onClick,
  text,
} from '../lib/lustre.ts';
import { diff } from '../lib/lustre/vdom/diff.ts';
import { encodeElement } from '../lib/lustre/vdom/encode.ts';
import { encodeMessage } from '../lib/lustre/vdom/print.ts';
import { ComponentRuntime } from '../lib/lustre/component-runtime.ts';
import { none } from '../lib/application/effect.ts';
import { median } from './median.ts';
import { type CodecOrder, type LustreReport, type LustreRow } from './protocol.ts';

interface Row {
  readonly id: number;
  readonly name: string;
  readonly points: number;
}
type Message = { readonly type: 'delete'; readonly id: number };

const rows: readonly Row[] = Array.from({ length: 1_000 }, (_, id) => ({
  id,
  name: `Player number ${id}`,
  points: id * 7,
}));

function rowView({ id, name, points }: Row): Element<Message> {
  return html.tr(
    [attribute('class', points % 2 === 0 ? 'even' : 'odd')],
    [
      html.td([], [text(name)]),
      html.td([attribute('class', 'number')], [text(points)]),
      html.td([], [html.button([onClick({ type: 'delete', id })], [text('Delete')])]),
    ],
  );
}

type View = (shown: readonly Row[]) => Element<Message>;

const tableOf =
  (view: (row: Row) => Element<Message>): View =>
  (shown) =>
    html.table(
      [attribute('class', 'players')],
      [html.tbody([], keyed(shown.map((row) => [String(row.id), view(row)] as const)))],
    );

const plain = tableOf(rowView);
const memoized = tableOf((row) => memo([row], () => rowView(row)));

const swapped = rows.with(1, rows[998] as Row).with(998, rows[1] as Row);
const scored = (row: Row): Row => ({ ...row, points: row.points + 2 });

const updates: readonly (readonly [title: string, view: View, after: readonly Row[]])[] = [
  ['nothing', plain, rows],
  ['nothing, rows in memo', memoized, rows],
  ['one row', plain, rows.with(500, scored(rows[500] as Row))],
  ['one row, rows in memo', memoized, rows.with(500, scored(rows[500] as Row))],
  [
    'one row more, at the top',
    plain,
    [{ id: 1_000, name: 'Player number 1000', points: 0 }, ...rows],
  ],
  ['two rows change places', plain, swapped],
  ['two rows change places, rows in memo', memoized, swapped],
  ['the order is reversed', plain, rows.toReversed()],
  ['a number in each row', plain, rows.map(scored)],
  ['every row replaced', plain, rows.map((row) => ({ ...row, id: row.id + 5_000 }))],
];

/** Microseconds of one update: making the view, comparing, printing; and what is sent. */
function once(
  view: View,
  after: readonly Row[],
): readonly [made: number, compared: number, printed: number, bytes: number] {
  const before = view(rows);
  encodeElement(before);
  const began = performance.now();
  const next = view(after);
  const made = performance.now();
  const patch = diff(before, next);
  const compared = performance.now();
  const sent = encodeMessage({ kind: 1, patch: patch ?? {} });
  const printed = performance.now();
  return [
    (made - began) * 1_000,
    (compared - made) * 1_000,
    (printed - compared) * 1_000,
    Buffer.byteLength(sent),
  ];
}

/** What the first mount costs. */
function mount(): readonly [made: number, encoded: number, printed: number, bytes: number] {
  const began = performance.now();
  const view = plain(rows);
  const made = performance.now();
  const vdom = encodeElement(view);
  const encoded = performance.now();
  const sent = JSON.stringify(vdom);
  const printed = performance.now();
  return [
    (made - began) * 1_000,
    (encoded - made) * 1_000,
    (printed - encoded) * 1_000,
    Buffer.byteLength(sent),
  ];
}

const { gc: collectGarbage = () => {} } = globalThis;

/** Bytes of heap for each running component with a viewer. */
function weight(shown: number, count: number): number {
  const program = component<readonly Row[], readonly Row[], Message>({
    init: (model) => [model, none()],
    update: (model) => [model, none()],
    view: plain,
  });
  const host = { failed: () => {}, ended: () => {} };
  const kept: unknown[] = [];
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let each = 0; each < count; each++) {
    const runtime = new ComponentRuntime(program, rows.slice(0, shown), host);
    runtime.begin();
    runtime.connect({ show: () => {}, ended: () => {} }, true);
    kept.push(runtime);
  }
  collectGarbage();
  return (process.memoryUsage().heapUsed - before) / kept.length;
}

process.once('message', ({ rounds }: CodecOrder) => {
  const works: readonly (readonly [string, () => ReturnType<typeof once>])[] = [
    ...updates.map(([title, view, after]) => [title, () => once(view, after)] as const),
    ['the first mount', mount],
  ];
  for (let round = 0; round < 10; round++) for (const [, work] of works) work();
  const measured = works.map((): ReturnType<typeof once>[] => []);
  for (let round = 0; round < 4 * rounds; round++) {
    for (const [index, [, work]] of works.entries()) measured[index]?.push(work());
  }
  const updatesMeasured = works.map(([title], index): LustreRow => {
    const all = measured[index] ?? [];
    const column = (at: 0 | 1 | 2 | 3): number => median(all.map((each) => each[at]));
    return {
      title,
      made: column(0),
      compared: column(1),
      printed: column(2),
      bytes: column(3),
    };
  });
  const weights = ([1, 10, 100] as const).map(
    (shown) => [shown, weight(shown, 20_000 / (10 * shown))] as const,
  );
  const report: LustreReport = { updates: updatesMeasured, weights };
  process.send?.(report);
});
process.on('disconnect', () => process.exit());
