/** The fields that every object or array has in JavaScript, which gleam_stdlib finds as well. */

const ofObjects: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));
const ofArrays: ReadonlySet<string> = new Set([
  ...ofObjects,
  ...Object.getOwnPropertyNames(Array.prototype),
]);

/** Whether an object without this field seems to have it. */
export function inherited(key: string): boolean {
  return ofObjects.has(key);
}

/** Whether an array seems to have all these fields. */
export function isArrayLike(keys: readonly string[]): boolean {
  return keys.every((key) => ofArrays.has(key) || /^\d+$/.test(key));
}
