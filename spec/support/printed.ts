/** Gleam modules, printed from structs. */
import { gleamModuleOf } from '../../lib/cli/gleam/from-definition.ts';
import { printModule } from '../../lib/cli/gleam/module.ts';
import { fileOf } from './definitions.ts';

/**
 * The module of the structs of a file, by their names.
 * @param doc - what stands at the top of it
 */
export function moduleOf(structs: object, doc: readonly string[] = []): string {
  return printModule(gleamModuleOf(fileOf(structs as never), doc));
}

/** The body of a public function of a module. */
export function bodyOf(module: string, name: string): string {
  const head = new RegExp(String.raw`^pub fn ${name}\(.*?\{\n(.*?)^\}$`, 'ms');
  return head.exec(module)?.[1] ?? '';
}
