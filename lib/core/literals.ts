/** Types that make TypeScript keep the literals of an inline reply. */

/** What a literal may be. */
export type Literal = string | number | boolean;

/**
 * Any type, as the constraint of a type parameter for messages. TypeScript widens the literals in
 * what an inline function returns (`{ type: 'reload' }` to `{ type: string }`) unless a type
 * parameter that stands for literals may be meant where they are: here at any depth. The type of the
 * messages itself is inferred from the codec alone. (A `const` type parameter would keep the literals
 * too, but make every array readonly.)
 */
export type Messages<Kept extends Literal> = Kept | {} | null | undefined | Parts<Kept>;

type Parts<Kept extends Literal> =
  { readonly [key: string]: Kept | Parts<Kept> } | readonly (Kept | Parts<Kept>)[];
