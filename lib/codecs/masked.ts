/** A struct under superstruct's `mask`, however it is run. */
import { type Context, Struct } from 'superstruct';

const made = new WeakMap<Struct, Struct>();
const originals = new WeakMap<Struct['entries'], Struct>();

/**
 * Makes a struct that runs as under `mask`, in which plain `object()` structs drop the fields that
 * they do not know, at every depth. superstruct sets that for a whole run only, not for a part.
 */
export function masked(struct: Struct): Struct {
  const before = made.get(struct);
  if (before !== undefined) return before;
  const within = (context: Context): Context => ({ ...context, mask: true });
  const after = new Struct({
    type: struct.type,
    schema: struct.schema,
    coercer: (value, context) => struct.coercer(value, within(context)),
    validator: (value, context) => struct.validator(value, within(context)),
    refiner: (value, context) => struct.refiner(value, within(context)),
    *entries(value, context) {
      for (const [key, part, its] of struct.entries(value, within(context))) {
        yield [key, part, masked(its as Struct)];
      }
    },
  });
  made.set(struct, after);
  originals.set(after.entries, struct);
  return after;
}

/** The struct that was given to {@link masked}; undefined for any other. */
export function unmasked(struct: Struct): Struct | undefined {
  return originals.get(struct.entries);
}
