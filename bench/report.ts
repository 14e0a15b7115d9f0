/** What is written of the results: a table for readers, a record for programs. */
import { type Row } from './contest.ts';

/** One table. */
export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** The table of a contest. */
export function tableOf(title: string, rows: readonly Row[], unit = 'message'): Table {
  return {
    title,
    head: ['contender', `CPU per ${unit}, µs`, 'min to max', 'ratio', 'p50, ms', 'p99, ms'],
    rows: rows.map(({ title: name, cpu, ratio, p50, p99 }) => [
      name,
      cpu.median.toFixed(1),
      `${cpu.min.toFixed(1)} to ${cpu.max.toFixed(1)}`,
      ratio.toFixed(2),
      p50.toFixed(2),
      p99.toFixed(2),
    ]),
  };
}

/** As Markdown, the columns of equal width. */
export function markdown({ title, head, rows }: Table): string {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) =>
    Math.max(...cells.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const [first = [], ...others] = cells;
  return [`**${title}**`, '', line(first), rule, ...others.map(line), ''].join('\n');
}
