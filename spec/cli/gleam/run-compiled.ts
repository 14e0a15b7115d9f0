/** Runs compiled decoders and encoders: `run-compiled.ts BUILD CASES`, and prints what failed. */
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

/** A text for a type; a valid one must come back as it is, any other must be survived. */
interface Case {
  readonly module: string;
  readonly type: string;
  readonly text: string;
  readonly isValid: boolean;
}

interface Json {
  readonly parse: (text: string, decoder: unknown) => { isOk: () => boolean; readonly 0: unknown };
  readonly to_string: (json: unknown) => string;
}

type Codecs = Readonly<Record<string, (value?: unknown) => unknown>>;

const [, , build = '', file = ''] = process.argv;
const load = async (path: string): Promise<unknown> =>
  import(pathToFileURL(`${build}/${path}.mjs`).href);
const json = (await load('gleam_json/gleam/json')) as Json;
const failures: string[] = [];

for (const { module, type, text, isValid } of JSON.parse(await readFile(file, 'utf8')) as Case[]) {
  const codecs = (await load(`trial/${module}`)) as Codecs;
  try {
    const result = json.parse(text, codecs[`${type}_decoder`]?.());
    if (!isValid) continue;
    const printed = result.isOk()
      ? json.to_string(codecs[`${type}_to_json`]?.(result[0]))
      : '"an error"';
    if (sorted(printed) !== sorted(text))
      failures.push(`${module}.${type}: ${text} became ${printed}`);
  } catch (error) {
    failures.push(`${module}.${type}: ${text} threw ${String(error)}`);
  }
}
process.stdout.write(JSON.stringify(failures));

/** The order of fields is nobody's promise. */
function sorted(text: string): string {
  return JSON.stringify(JSON.parse(text), (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
