/**
 * Finds the guards of the library where they stand, and takes them out of a source text.
 *
 *     // guard: <name>               without the guard, the next statement, property or operand is missing
 *     // guard: <name> → <text>      without the guard, <text> stands in its place
 *
 * A guard may have several tags in one file: all of them are applied together. In an empty block
 * the text is put where the tag stands.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript-5.9';

const TAG = /\/\/ guard: (.+?)(?: → (.+))?$/gm;

/** A tag in a source file. */
export interface Tag {
  readonly name: string;
  /** Relative to the root of the project. */
  readonly file: string;
  /** Where the comment begins, in characters. */
  readonly at: number;
  /** Where the comment ends. */
  readonly end: number;
  /** What replaces the guard. Undefined: it is removed. */
  readonly replacement: string | undefined;
}

/** Every tag below a folder of the project. */
export function findTags(root: string, folder = 'lib'): Tag[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .sort();
  return files.flatMap((name) => {
    const file = `${folder}/${name}`;
    return tagsOf(file, readFileSync(join(root, file), 'utf8'));
  });
}

/** The tags of one source text. */
export function tagsOf(file: string, source: string): Tag[] {
  return Array.from(source.matchAll(TAG), (match) => ({
    name: match[1] ?? '',
    file,
    at: match.index,
    end: match.index + match[0].length,
    replacement: match[2],
  }));
}

/**
 * The source text without a guard.
 * @param tags - the tags of that guard, all of this file
 * @throws Error when a tag stands before nothing that can be taken out
 */
export function withoutGuard(source: string, tags: readonly Tag[]): string {
  const tree = ts.createSourceFile('guarded.ts', source, ts.ScriptTarget.Latest, true);
  const edits = tags.map((tag) => {
    const [from, to] = guarded(tree, source, tag);
    return { from, to, text: tag.replacement ?? '' };
  });
  // From the end, so that the positions before stay true.
  edits.sort((one, other) => other.from - one.from);
  return edits.reduce(
    (text, { from, to, text: put }) => text.slice(0, from) + put + text.slice(to),
    source,
  );
}

/** From where to where the guard reaches. */
function guarded(
  tree: ts.SourceFile,
  source: string,
  tag: Tag,
): readonly [from: number, to: number] {
  const start = skipComments(source, tag.end);
  let widest: ts.Node | undefined;
  const visit = (node: ts.Node): void => {
    if (widest !== undefined || node.getEnd() <= start) return;
    const begins = node.getStart(tree) === start;
    if (begins && (isUnit(node) || (ts.isExpression(node) && isWhole(node)))) widest = node;
    else ts.forEachChild(node, visit);
  };
  ts.forEachChild(tree, visit);
  if (widest !== undefined) {
    const end = widest.getEnd();
    const isListed = ts.isObjectLiteralElement(widest) && source[end] === ',';
    return [start, isListed && tag.replacement === undefined ? end + 1 : end];
  }
  if (source[start] === '}' && tag.replacement !== undefined) return [start, start];
  throw new Error(`${tag.file}: "${tag.name}" stands before nothing that can be taken out`);
}

function isUnit(node: ts.Node): boolean {
  return (
    (ts.isStatement(node) && !ts.isBlock(node)) ||
    ts.isClassElement(node) ||
    ts.isObjectLiteralElement(node)
  );
}

/** An operand, an argument or a condition: the widest expression that begins here. */
function isWhole(node: ts.Expression): boolean {
  return !ts.isStatement(node.parent) || !ts.isExpressionStatement(node.parent);
}

/** Where the next token begins. */
function skipComments(source: string, from: number): number {
  let at = from;
  for (;;) {
    while (/\s/.test(source[at] ?? '')) at += 1;
    if (source.startsWith('//', at)) at = lineEnd(source, at);
    else if (source.startsWith('/*', at)) at = source.indexOf('*/', at) + 2;
    else return at;
  }
}

function lineEnd(source: string, at: number): number {
  const end = source.indexOf('\n', at);
  return end === -1 ? source.length : end;
}
