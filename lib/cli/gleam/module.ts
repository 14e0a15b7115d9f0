/** Prints a Gleam module of messages. */
import { Context } from './context.ts';
import { aliasDecoder, decoderFunctions, exampleFunction, zeroFunction } from './decoders.ts';
import { aliasEncoder, encoderFunction } from './encoders.ts';
import { helperSources } from './helpers.ts';
import { type Layout, print } from './layout.ts';
import { type CustomType, type GleamModule, recursiveTypes } from './model.ts';
import { moduleOf, typeAlias } from './syntax.ts';
import { definitionOf, linesOf, typeIn } from './types.ts';
import { smallestConstructors } from './zero.ts';

/**
 * Prints a module as `gleam format` leaves it: the types that stand in it, then for each type
 * `…_to_json` and `…_decoder`.
 */
export function printModule(module: GleamModule): string {
  const { types, aliases, doc } = module;
  const prefixes = [...types, ...aliases].map(({ prefix }) => prefix);
  const context = new Context({
    smallest: smallestConstructors(types),
    recursive: recursiveTypes(types),
    functions: prefixes.flatMap((prefix) =>
      ['_to_json', '_decoder', '_decoder_within', '_zero'].map((end) => prefix + end),
    ),
  });
  const definitions: Layout[] = [
    ...types
      .filter(({ source }) => source === undefined)
      .map((type) => definitionOf(type, context)),
    ...aliases
      .filter(({ declared }) => declared)
      .map(({ name, type, doc: own }) => typeAlias(name, typeIn(type, context), linesOf(own))),
    ...types.flatMap((type) => [
      encoderFunction(type, context),
      ...decoderFunctions(type, context),
    ]),
    ...aliases.flatMap((alias) => [aliasEncoder(alias, context), aliasDecoder(alias, context)]),
  ];
  definitions.push(...zeros(types, context));
  const examples = [...context.examples].map(([type, name]) =>
    exampleFunction(type, name, context),
  );
  definitions.push(...examples, ...helperSources(context));
  return print(moduleOf(doc, context.imports(), definitions));
}

/** The smallest values that were asked for, and those that they hold. */
function zeros(types: readonly CustomType[], context: Context): Layout[] {
  const printed = new Map<CustomType, Layout>();
  for (let before = -1; before < printed.size;) {
    before = printed.size;
    for (const type of context.zeros) {
      if (!printed.has(type)) printed.set(type, zeroFunction(type, context));
    }
  }
  return types.flatMap((type) => {
    const layout = printed.get(type);
    return layout === undefined ? [] : [layout];
  });
}
