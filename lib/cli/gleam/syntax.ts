/** Gleam's syntax as documents, each laid out as `gleam format` lays it out. */
import {
  breakable,
  breakOr,
  emptyLine,
  forced,
  group,
  join,
  type Layout,
  line,
  nest,
  nestIfBroken,
  whole,
} from './layout.ts';

/** An expression, and whether it may break as the last argument of a call that stays on its line. */
export interface Expression {
  readonly layout: Layout;
  /** `call`: only where it is the one argument. */
  readonly breaks: 'never' | 'call' | 'always';
  /** Whether it needs a line of its own after `->`. */
  readonly afterArrow: 'same line' | 'own line' | 'where it fits';
}

/** A name, a number, a string: what never breaks. */
export function atom(text: string): Expression {
  return { layout: text, breaks: 'never', afterArrow: 'where it fits' };
}

/** `name(first, second)`. An argument may have a label: `label: value`. */
export function call(name: string, ...given: readonly Argument[]): Expression {
  if (given.length === 0) return { ...atom(`${name}()`), breaks: 'call' };
  return { layout: wrapped(name, given), breaks: 'call', afterArrow: 'where it fits' };
}

export type Argument = Expression | { readonly label: string; readonly value: Expression };

/** `label:`, where the variable has the name of the label. */
export function shorthand(label: string): Expression {
  return atom(`${label}:`);
}

/** `#(first, second)` */
export function tuple(...elements: readonly Expression[]): Expression {
  return { layout: wrapped('#', elements), breaks: 'always', afterArrow: 'same line' };
}

function wrapped(name: string, given: readonly Argument[]): Layout {
  const layouts = given.map((argument) =>
    'label' in argument
      ? [`${argument.label}: `, group(argument.value.layout)]
      : group(argument.layout),
  );
  const last = given.at(-1);
  const value = last === undefined || !('label' in last) ? last : last.value;
  if (value?.breaks === 'always' || (value?.breaks === 'call' && given.length === 1)) {
    const at = layouts.length - 1;
    layouts[at] = breakable(group(layouts[at] ?? ''));
    return group(whole(name, inParentheses(layouts)));
  }
  return group(name, inParentheses(layouts));
}

function inParentheses(layouts: readonly Layout[]): Layout {
  return group(
    '(',
    nestIfBroken(breakOr(''), join(layouts, breakOr(', ', ','))),
    breakOr('', ','),
    ')',
  );
}

/** `[first, second]`: more than one element, and each has a line. */
export function list(...elements: readonly Expression[]): Expression {
  if (elements.length === 0) return atom('[]');
  const layouts = elements.map(({ layout }) => group(layout));
  const content: Layout = [
    nest(breakOr('[', '['), whole(join(layouts, breakOr(', ', ',')))),
    breakOr('', ','),
    ']',
  ];
  const layout = elements.length === 1 ? group(content) : forced(content);
  return { layout, breaks: 'always', afterArrow: 'same line' };
}

/** `fn(value) { body }` */
export function lambda(parameters: readonly string[], body: Expression): Expression {
  const head = whole(group(parenthesized(parameters)));
  const content = [nest(breakOr('{ ', '{'), body.layout), breakOr(' '), '}'];
  return { layout: group('fn', head, ' ', content), breaks: 'always', afterArrow: 'same line' };
}

/** `(first, second)` of patterns, types and parameters. */
function parenthesized(parts: readonly Layout[]): Layout {
  if (parts.length === 0) return '()';
  return [nestIfBroken(breakOr('(', '('), join(parts, breakOr(', ', ','))), breakOr('', ','), ')'];
}

/** `{ … }` of statements, of which the last is an expression. */
export function block(...body: readonly Layout[]): Expression {
  const layout = group('{', nest(breakOr(' '), statements(body)), breakOr(' '), '}');
  return { layout, breaks: 'always', afterArrow: 'same line' };
}

/** Statements, one a line. */
export function statements(body: readonly Layout[]): Layout {
  const lines = join(
    body.map((statement) => group(statement)),
    line,
  );
  return body.length === 1 ? lines : forced(lines);
}

/** `case subject { pattern -> value }` */
export function caseOf(subject: Expression, clauses: readonly Clause[]): Expression {
  const head = group(
    whole(nest(breakOr('case ', 'case'), group(subject.layout)), breakOr(' '), '{'),
  );
  const body = clauses.map(({ pattern: left, value }) =>
    group(group(left, ' '), '->', group(afterArrow(value))),
  );
  return {
    layout: forced(head, nest(line, join(body, line)), line, '}'),
    breaks: 'always',
    afterArrow: 'own line',
  };
}

export interface Clause {
  readonly pattern: Layout;
  readonly value: Expression;
}

function afterArrow({ layout, afterArrow: place }: Expression): Layout {
  if (place === 'same line') return group(whole(' ', layout));
  if (place === 'own line') return group(whole(nest(line, layout)));
  return group(whole(nest(breakOr(' '), group(layout))));
}

/** The value of a clause: an expression, or `{ … }` of statements before it, which always breaks. */
export function clauseValue(before: readonly Layout[], result: Expression): Expression {
  if (before.length === 0) return result;
  const body = statements([...before, result.layout]);
  return { ...block(), layout: group(forced('{', nest(line, body), line, '}')) };
}

/** `Constructor(label:, other: name)` */
export function pattern(name: string, parts: readonly string[]): Layout {
  return parts.length === 0 ? name : group(name, parenthesized(parts));
}

/** `let pattern = value` */
export function letBe(left: Layout, value: Expression): Layout {
  return ['let ', group(left), ' =', afterArrow(value)];
}

/** `let assert pattern = value` */
export function assertBe(left: Layout, value: Expression): Layout {
  return ['let assert ', group(left), ' =', afterArrow(value)];
}

/** `use name <- call`; without a name `use <- call`. */
export function use(name: string | undefined, value: Expression): Layout {
  const right =
    value.breaks === 'call' ? group(' ', value.layout) : group(nest(breakOr(' '), value.layout));
  if (name === undefined) return ['use <-', right];
  return group(group(nest('use', breakOr(' '), name), breakOr(' ')), '<-', right);
}

/** `first |> second |> third`, one a line. */
export function pipeline(...steps: readonly Expression[]): Expression {
  const layouts = steps.map(({ layout }, at) => (at === 0 ? group(layout) : ['|> ', layout]));
  return { ...atom(''), layout: forced(join(layouts, line)) };
}

/** A type in an annotation: `Dict(String, Int)`. */
export function typeOf(name: string, parameters: readonly Layout[] = []): Layout {
  return parameters.length === 0 ? name : group(name, parenthesized(parameters));
}

/** A function of the module. */
export function functionOf(options: {
  readonly doc?: readonly string[] | undefined;
  readonly isPublic?: boolean;
  readonly name: string;
  readonly parameters: readonly Layout[];
  readonly returns: Layout;
  readonly body: readonly Layout[];
}): Layout {
  const { doc = [], isPublic = false, name, parameters, returns, body } = options;
  const parts = parameters.map((part) => group(part));
  const head = group(isPublic ? 'pub fn ' : 'fn ', name, parenthesized(parts), ' -> ', returns);
  return [docComment(doc), head, ' {', group(nest(line, statements(body))), line, '}'];
}

/** A parameter: `name: Type` */
export function parameter(name: string, type: Layout): Layout {
  return [`${name}: `, type];
}

/** A type with its constructors. */
export function typeDefinition(options: {
  readonly doc?: readonly string[];
  readonly name: string;
  readonly constructors: readonly Layout[];
}): Layout {
  const { doc = [], name, constructors } = options;
  const body = constructors.map((constructor) => [line, constructor]);
  return [docComment(doc), `pub type ${name} {`, group(nest(body)), line, '}'];
}

/** `Constructor(label: Type)` in a definition, each part with its doc. */
export function constructorDefinition(
  name: string,
  fields: readonly { readonly doc: readonly string[]; readonly field: Layout }[],
  doc: readonly string[] = [],
): Layout {
  const parts = fields.map(({ doc: own, field }) => group(docComment(own), field));
  return group(docComment(doc), name, parts.length === 0 ? '' : group(parenthesized(parts)));
}

/** `pub type Name =` and the type on the next line. */
export function typeAlias(name: string, type: Layout, doc: readonly string[] = []): Layout {
  return [docComment(doc), `pub type ${name} =`, group(nest(line, type))];
}

function docComment(lines: readonly string[]): Layout {
  if (lines.length === 0) return '';
  return forced(
    join(
      lines.map((text) => `/// ${text}`.trimEnd()),
      line,
    ),
    line,
  );
}

/** The definitions of a module, with an empty line between them. */
export function moduleOf(
  doc: readonly string[],
  imports: readonly string[],
  definitions: readonly Layout[],
): Layout {
  const comment = doc.flatMap((text) => [`//// ${text}`.trimEnd(), line]);
  const head = comment.length === 0 ? [] : [comment, line];
  return [head, join([join(imports, line), ...definitions], emptyLine), line];
}
