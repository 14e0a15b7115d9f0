/** Names as Gleam spells them. */

/** Words that Gleam keeps for itself, those that it has not used yet included, and what it takes for a mistyped `True`. */
const RESERVED: ReadonlySet<string> = new Set([
  'as',
  'assert',
  'auto',
  'case',
  'const',
  'delegate',
  'derive',
  'echo',
  'else',
  'false',
  'fn',
  'if',
  'implement',
  'import',
  'let',
  'macro',
  'opaque',
  'panic',
  'pub',
  'test',
  'todo',
  'true',
  'type',
  'use',
]);

/** Types that need no import in Gleam, and those that the printed module imports. */
export const TAKEN_TYPES: ReadonlySet<string> = new Set([
  'BitArray',
  'Bool',
  'Dict',
  'Float',
  'Int',
  'List',
  'Nil',
  'Option',
  'Result',
  'String',
  'UtfCodepoint',
]);

/** Constructors that need no import in Gleam. */
export const TAKEN_CONSTRUCTORS: ReadonlySet<string> = new Set([
  'Error',
  'False',
  'Nil',
  'Ok',
  'True',
]);

/** Makes a name that is not reserved of one that is, as Gleam's own packages do. */
export function unreserved(name: string): string {
  return RESERVED.has(name) ? `${name}_` : name;
}

/** Makes a label or a name of a variable; empty when there is no letter or digit. */
export function snakeCase(name: string): string {
  return wordsOf(name).join('_').toLowerCase();
}

/** Makes a name of a type or a constructor; empty when there is no letter or digit. */
export function pascalCase(name: string): string {
  return wordsOf(name)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

/** Words end where other characters stand, and before a capital that follows a small letter. */
function wordsOf(name: string): readonly string[] {
  return (
    name
      .normalize('NFKD')
      .replaceAll(/\p{M}/gu, '')
      // `userID` is two words, and so is `HTTPProblem`.
      .replaceAll(/(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, ' ')
      .split(/[^A-Za-z\d]+/)
      .filter((word) => word !== '')
  );
}

/** What Gleam itself makes of a constructor, with `_` before each capital: `h_t_t_p_problem`. */
export function gleamSnakeCase(name: string): string {
  return name.replaceAll(/(?!^)[A-Z]/g, '_$&').toLowerCase();
}

/** How long a part of a name is. The BEAM takes names of 255 characters, some of which have two parts. */
const MAX_LENGTH = 100;

/** Cuts a name that is made of a path, a tag or a key. */
export function shortened(name: string): string {
  let end = name.length;
  while (gleamSnakeCase(name.slice(0, end)).length > MAX_LENGTH) end--;
  return name.slice(0, end).replace(/_+$/, '');
}

/** Finds a name that is not taken yet, and takes it. */
export function takeName(wanted: string, taken: Set<string>, suffix = '_'): string {
  let name = wanted;
  for (let count = 2; taken.has(name); count++) name = `${wanted}${suffix}${count}`;
  taken.add(name);
  return name;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** A string as Gleam's source has it. */
export function stringLiteral(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  const escaped = text.replaceAll(/["\\\0-\x1f\x7f-\x9f\u2028\u2029\ufeff]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    return ESCAPES[character] ?? `\\u{${code}}`;
  });
  return `"${escaped}"`;
}

/** A number as the formatter writes it: `10_000`, `0.5`, `1.0e-7`. */
export function numberLiteral(value: number): string {
  const [, whole = '', fraction, exponent = ''] =
    /^(-?\d+)(?:\.(\d+))?(e.*)?$/.exec(String(value)) ?? [];
  const digits = /\d{5}/.test(whole) ? whole.replaceAll(/\B(?=(\d{3})+$)/g, '_') : whole;
  return Number.isInteger(value) ? digits : `${digits}.${fraction ?? '0'}${exponent}`;
}
