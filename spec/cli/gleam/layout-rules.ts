/** The rules of Gleam's formatter and compiler that can be checked without them. */

const BRACKETS: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** What is wrong with a printed module, a line each. */
export function layoutFaults(printed: string): string[] {
  const faults: string[] = [];
  const lines = printed.split('\n');
  const code = lines.map((line) => withoutStrings(line).replace(/\/\/.*/, ''));
  lines.forEach((line, at) => {
    const say = (what: string): void => {
      faults.push(`line ${at + 1}: ${what}: ${line}`);
    };
    if (line !== line.trimEnd()) say('ends with a space');
    if (/\t/.test(line)) say('has a tab');
    if ((line.length - line.trimStart().length) % 2 !== 0) say('has an odd indentation');
    if (isTooLong(line)) say('is longer than 80 characters, and could break');
    if (line === '' && lines[at + 1] === '' && at < lines.length - 2) say('is a second empty line');
  });
  if (!printed.endsWith('\n') || printed.endsWith('\n\n'))
    faults.push('does not end with one line');
  faults.push(...unbalanced(code), ...unused(code), ...unsorted(lines), ...repeated(code));
  return faults;
}

/** Breaks stand at brackets and after commas: what has none has nowhere to break. */
function isTooLong(line: string): boolean {
  const text = withoutStrings(line).trim();
  // What closes a bracket may stand beyond the end: the formatter measures what is inside.
  if (line.replace(/(?: =| <-| ->|[,)\]}{[ ])+$/, '').length <= 80 || text.startsWith('//'))
    return false;
  // One string or name between two brackets, or before an arrow, is as short as it gets.
  return /[([{,] ?[^\s)\]},]+.*[)\]}]/.test(text) && /, \S/.test(text);
}

function withoutStrings(line: string): string {
  return line.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
}

function unbalanced(code: readonly string[]): string[] {
  const open: string[] = [];
  for (const character of code.join('\n')) {
    const closing = BRACKETS[character];
    if (closing !== undefined) open.push(closing);
    else if (')]}'.includes(character) && open.pop() !== character)
      return ['brackets do not match'];
  }
  return open.length === 0 ? [] : ['brackets are left open'];
}

/** The compiler warns of imports and private functions that nothing uses. */
function unused(code: readonly string[]): string[] {
  const text = code.filter((line) => !line.startsWith('import ')).join('\n');
  const modules = new Set(matchesOf(text, /(\w+)(?=\.\w)/g));
  const uses = new Map<string, number>();
  for (const word of matchesOf(text, /(\w+)/g)) uses.set(word, (uses.get(word) ?? 0) + 1);
  const faults: string[] = [];
  for (const line of code) {
    const [, module, names = ''] = /^import ([\w/]+)(?:\.\{(.*)\})?/.exec(line) ?? [];
    if (module !== undefined) {
      const alias = / as (\w+)$/.exec(line)?.[1] ?? module.slice(module.lastIndexOf('/') + 1);
      const types = names.split(', ').flatMap((name) => /^type (\w+)$/.exec(name)?.[1] ?? []);
      if (!modules.has(alias) && types.length === 0) faults.push(`nothing uses ${module}`);
      faults.push(...types.filter((type) => !uses.has(type)).map((type) => `nothing uses ${type}`));
    }
    const [, name] = /^fn (\w+)\(/.exec(line) ?? [];
    // Where it is defined is one.
    if (name !== undefined && (uses.get(name) ?? 0) < 2) faults.push(`nothing calls ${name}`);
  }
  return faults;
}

function matchesOf(text: string, pattern: RegExp): string[] {
  return Array.from(text.matchAll(pattern), ([, found = '']) => found);
}

function unsorted(lines: readonly string[]): string[] {
  const imports = lines.flatMap((line) => /^import ([\w/]+)/.exec(line)?.[1] ?? []);
  return imports.join() === imports.toSorted().join() ? [] : ['imports are not sorted'];
}

/** Two functions, types or constructors of one name are an error. */
function repeated(code: readonly string[]): string[] {
  const names = code.flatMap((line) => [
    ...(/^(?:pub )?fn (\w+)\(/.exec(line)?.[1] ?? '').split(' '),
    ...(/^pub type (\w+)/.exec(line)?.[1] ?? '').split(' ').map((name) => `type ${name}`),
    ...(/^ {2}([A-Z]\w*)(?:\(|$)/.exec(line)?.[1] ?? '').split(' ').map((name) => `new ${name}`),
  ]);
  // Constructors are called at this indentation too, in the body of a function.
  const defined = names.filter((name) => name !== '' && !/^(?:type|new) $/.test(name));
  const types = defined.filter((name) => !name.startsWith('new '));
  return types.filter((name, at) => types.indexOf(name) !== at).map((name) => `${name} twice`);
}
