/** A wait that ends: for what has to happen, and would otherwise be missing without a word. */
export async function bounded<Value>(
  what: string,
  promise: PromiseLike<Value>,
  limit = 30_000,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${limit} ms for ${what}`)), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
