/** Reads the arguments of a command. */
import { parseArgs } from 'node:util';
import { reasonOf, UsageError } from './usage-error.ts';

/** What each option of a command takes. */
export type OptionKinds = Readonly<Record<string, 'value' | 'values' | 'flag'>>;

type Values<Kinds extends OptionKinds> = {
  readonly [Name in keyof Kinds]: Kinds[Name] extends 'flag'
    ? boolean
    : Kinds[Name] extends 'values'
      ? readonly string[]
      : string | undefined;
};

/**
 * Reads arguments: options in any order, and as many words as `words` names.
 * @throws UsageError when there are others
 */
export function readArguments<const Kinds extends OptionKinds>(
  args: readonly string[],
  words: readonly string[],
  kinds: Kinds,
): { readonly words: readonly string[]; readonly options: Values<Kinds> } {
  const parsed = parsedArguments(args, kinds);
  const [surplus] = parsed.positionals.slice(words.length);
  if (surplus !== undefined) throw new UsageError(`there is one argument too many: \`${surplus}\``);
  const missing = words[parsed.positionals.length];
  if (missing !== undefined) throw new UsageError(`the argument ${missing} is missing`);
  const options = Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => {
      const value = parsed.values[name];
      if (kind === 'flag') return [name, value === true];
      return [name, kind === 'values' ? (value ?? []) : value];
    }),
  );
  return { words: parsed.positionals, options: options as Values<Kinds> };
}

function parsedArguments(
  args: readonly string[],
  kinds: OptionKinds,
): { readonly positionals: string[]; readonly values: Readonly<Record<string, unknown>> } {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: Object.fromEntries(
        Object.entries(kinds).map(([name, kind]) => [
          name,
          { type: kind === 'flag' ? 'boolean' : 'string', multiple: kind === 'values' } as const,
        ]),
      ),
    });
  } catch (error) {
    // "Unknown option '--x'. To specify a positional argument …": the first sentence says it.
    throw new UsageError(reasonOf(error).split('. ', 1)[0] ?? '', { cause: error });
  }
}
