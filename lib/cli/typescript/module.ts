/** Prints a TypeScript module of messages: a struct and a type for each type of Gleam. */
import {
  type Constructor,
  type CustomType,
  type Field,
  type GleamType,
  recursiveTypes,
} from '../gleam/model.ts';
import { type Messages } from '../interface/messages.ts';

const OURS = [
  'dict',
  'named',
  'nullable',
  'recursive',
  'structCodec',
  'tuple',
  'variants',
] as const;
const THEIRS = [
  'array',
  'boolean',
  'enums',
  'integer',
  'literal',
  'number',
  'object',
  'pattern',
  'string',
] as const;
type Word = (typeof OURS)[number] | (typeof THEIRS)[number];

/**
 * Prints a module.
 * @param doc - the lines of the comment at its head
 */
export function typeScriptModule(messages: Messages, doc: readonly string[]): string {
  const printer = new Printer(messages);
  const definitions = messages.types.map((type) => printer.definition(type));
  const codecs = printer.codecs();
  const head = ['/**', ...doc.map((line) => ` * ${line}`.trimEnd()), ' */'];
  return [...head, ...printer.imports(), '', [...definitions, ...codecs].join('\n\n'), ''].join(
    '\n',
  );
}

class Printer {
  readonly #messages: Messages;
  readonly #names: ReadonlyMap<CustomType, string>;
  readonly #recursive: ReadonlySet<CustomType>;
  readonly #used = new Set<Word>();

  constructor(messages: Messages) {
    this.#messages = messages;
    this.#names = messages.names;
    this.#recursive = recursiveTypes(messages.types);
  }

  imports(): string[] {
    const used = (words: readonly Word[]): string[] => words.filter((word) => this.#used.has(word));
    const types = ['type Infer', ...(this.#recursive.size > 0 ? ['type Struct'] : [])];
    const theirs = [...used(THEIRS), ...types].toSorted((one, other) =>
      one.replace('type ', '').localeCompare(other.replace('type ', '')),
    );
    return [
      `import { ${used(OURS).join(', ')} } from 'express-omnimessage/codecs';`,
      `import { ${theirs.join(', ')} } from 'superstruct';`,
    ];
  }

  definition(type: CustomType): string {
    const name = this.#nameOf(type);
    const comment = commentOf(type.doc, '');
    const struct = this.#structOf(type);
    if (!this.#recursive.has(type)) {
      const value = `${this.#word('named')}('${name}', ${struct})`;
      return `${comment}export const ${name} = ${value};\nexport type ${name} = Infer<typeof ${name}>;`;
    }
    const value = `${this.#word('recursive')}<${name}>('${name}', () =>\n  ${indented(struct)},\n)`;
    return [
      `${comment}export type ${name} =${this.#typeOfCustom(type)};`,
      `export const ${name}: Struct<${name}> = ${value};`,
    ].join('\n');
  }

  /** The codecs of both sides, where it is clear which message goes which way. */
  codecs(): string[] {
    const { roots } = this.#messages;
    const of = (sender: 'client' | 'server'): readonly string[] =>
      roots
        .filter((root) => root.sender === sender || root.sender === 'both')
        .map(({ type }) => this.#nameOf(type));
    const [client, ...moreOfClient] = of('client');
    const [server, ...moreOfServer] = of('server');
    const isClear = moreOfClient.length === 0 && moreOfServer.length === 0;
    if (client === undefined || server === undefined || !isClear) return [];
    const codec = (incoming: string, outgoing: string): string =>
      `${this.#word('structCodec')}({ incoming: ${incoming}, outgoing: ${outgoing} });`;
    return [
      `/** For the server. */\nexport const serverCodec = ${codec(client, server)}`,
      `/** For a page in TypeScript. */\nexport const pageCodec = ${codec(server, client)}`,
    ];
  }

  #word(word: Word): Word {
    this.#used.add(word);
    return word;
  }

  #nameOf(type: CustomType): string {
    return this.#names.get(type) ?? type.name;
  }

  #structOf(type: CustomType): string {
    switch (type.wire.kind) {
      case 'plain': {
        const tags = type.constructors.map(({ tag }) => quoted(tag)).join(', ');
        return `${this.#word('enums')}([${tags}])`;
      }
      case 'tagged': {
        const isRoot = this.#messages.roots.some((root) => root.type === type);
        const body = type.constructors.map((constructor) => this.#variant(constructor)).join('\n');
        // What Gleam's decoders do: a page and a server of different age may meet.
        const end = isRoot ? ", { unknownFields: 'drop' }" : '';
        return `${this.#word('variants')}('${type.wire.tag}', {\n${body}\n}${end})`;
      }
      case 'record':
      case 'tuple':
      case 'untagged': {
        const fields = (type.constructors[0]?.fields ?? []).map(
          (field) => `  ${this.#field(field)},`,
        );
        return `${this.#word('object')}({\n${fields.join('\n')}\n})`;
      }
    }
  }

  #variant({ tag, fields, doc }: Constructor): string {
    const comment = commentOf(doc, '  ');
    const name = keyOf(String(tag));
    const line = `  ${name}: { ${fields.map((field) => this.#field(field)).join(', ')} },`;
    if (fields.length === 0) return `${comment}  ${name}: {},`;
    if (line.length <= 100) return comment + line;
    const lines = fields.map((field) => `    ${this.#field(field)},`).join('\n');
    return `${comment}  ${name}: {\n${lines}\n  },`;
  }

  #field({ key, type }: Field): string {
    return `${keyOf(key)}: ${this.#struct(type)}`;
  }

  #struct(type: GleamType): string {
    switch (type.kind) {
      case 'String':
        return `${this.#word('string')}()`;
      case 'Int':
        return `${this.#word('integer')}()`;
      case 'Float':
        return `${this.#word('number')}()`;
      case 'Bool':
        return `${this.#word('boolean')}()`;
      case 'Nil':
        return `${this.#word('literal')}(null)`;
      case 'List':
      case 'Set':
        return `${this.#word('array')}(${this.#struct(type.of)})`;
      case 'Pairs': {
        const pair = `${this.#struct(type.key)}, ${this.#struct(type.of)}`;
        return `${this.#word('array')}(${this.#word('tuple')}([${pair}]))`;
      }
      case 'Option':
        return `${this.#word('nullable')}(${this.#struct(type.of)})`;
      case 'Dict':
        return `${this.#word('dict')}(${this.#struct(type.of)})`;
      case 'Tuple':
        return `${this.#word('tuple')}([${type.elements.map((each) => this.#struct(each)).join(', ')}])`;
      case 'Result': {
        const [ok, error] = [this.#struct(type.ok), this.#struct(type.error)];
        return `${this.#word('variants')}('type', { ok: { value: ${ok} }, error: { value: ${error} } })`;
      }
      case 'Custom':
        return this.#nameOf(type.type);
      case 'Mapped': {
        const struct = this.#struct(type.as);
        return type.pattern === undefined
          ? struct
          : `${this.#word('pattern')}(${struct}, /${type.pattern}/)`;
      }
    }
  }

  /** The type of a recursive struct, which cannot be inferred. */
  #typeOfCustom({ wire, constructors }: CustomType): string {
    if (wire.kind === 'plain') return ` ${constructors.map(({ tag }) => quoted(tag)).join(' | ')}`;
    const fieldsOf = ({ fields }: Constructor): string[] =>
      fields.map(({ key, type }) => `${keyOf(key)}: ${this.#type(type)}`);
    if (wire.kind !== 'tagged') {
      const lines = constructors.flatMap(fieldsOf).map((field) => `  ${field};`);
      return ` {\n${lines.join('\n')}\n}`;
    }
    const options = constructors.map((constructor) => {
      const fields = [`${wire.tag}: ${quoted(constructor.tag)}`, ...fieldsOf(constructor)];
      return `\n  | { ${fields.join('; ')} }`;
    });
    return options.join('');
  }

  #type(type: GleamType): string {
    switch (type.kind) {
      case 'String':
        return 'string';
      case 'Int':
      case 'Float':
        return 'number';
      case 'Bool':
        return 'boolean';
      case 'Nil':
        return 'null';
      case 'Pairs':
        return `[${this.#type(type.key)}, ${this.#type(type.of)}][]`;
      case 'Set':
      case 'List': {
        const element = this.#type(type.of);
        return /^\w+$/.test(element) ? `${element}[]` : `(${element})[]`;
      }
      case 'Option':
        return `${this.#type(type.of)} | null`;
      case 'Dict':
        return `Record<string, ${this.#type(type.of)}>`;
      case 'Tuple':
        return `[${type.elements.map((element) => this.#type(element)).join(', ')}]`;
      case 'Result':
        return `({ type: 'ok'; value: ${this.#type(type.ok)} } | { type: 'error'; value: ${this.#type(type.error)} })`;
      case 'Custom':
        return this.#nameOf(type.type);
      case 'Mapped':
        return this.#type(type.as);
    }
  }
}

const quoted = (text: unknown): string => `'${String(text)}'`;

const keyOf = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key));

const indented = (text: string): string => text.replaceAll('\n', '\n  ');

function commentOf(doc: string | undefined, indent: string): string {
  if (doc === undefined || doc === '') return '';
  const lines = doc.replaceAll('*/', '*\\/').split('\n');
  const [only] = lines;
  if (lines.length === 1) return `${indent}/** ${only} */\n`;
  return [
    `${indent}/**`,
    ...lines.map((line) => `${indent} * ${line}`.trimEnd()),
    `${indent} */\n`,
  ].join('\n');
}
