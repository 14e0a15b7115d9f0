/** Who writes in this window: a name, which all windows of a browser share, and the ids of its messages. */
import { AUTHOR_LIMIT } from '../messages.ts';

const ADJECTIVES = ['Quiet', 'Bright', 'Gentle', 'Brave', 'Merry', 'Swift', 'Sunny', 'Wise'];
const ANIMALS = ['otter', 'robin', 'hare', 'badger', 'heron', 'fox', 'wren', 'lynx'];
const oneOf = (list: readonly string[]): string =>
  list[Math.floor(Math.random() * list.length)] ?? '';
const random = (): string => Math.random().toString(36).slice(2, 12);

/** What is kept over a reload, or as long as the window lives where that is forbidden. */
function kept(storage: () => Storage, key: string, value?: string): string | undefined {
  try {
    if (value !== undefined) storage().setItem(key, value);
    return value ?? storage().getItem(key) ?? undefined;
  } catch {
    return value;
  }
}

/** What the ids of this window's messages begin with. */
const window =
  kept(() => sessionStorage, 'window') ?? kept(() => sessionStorage, 'window', random());
let name = kept(() => localStorage, 'name');

/** The name of the person, made up until they give one. */
export const nameOf = (): string => (name ??= rename(`${oneOf(ADJECTIVES)} ${oneOf(ANIMALS)}`));

/** Takes another name; the one before when it is empty. */
export function rename(wanted: string): string {
  const trimmed = wanted.trim().slice(0, AUTHOR_LIMIT);
  if (trimmed === '') return nameOf();
  return (name = kept(() => localStorage, 'name', trimmed) ?? trimmed);
}

/** An id for a message, which says over which transport this window sent it. */
export const newId = (over: string): string => `${window}-${over}-${random()}`;

/** Over which transport this window sent a message; undefined for the messages of others. */
export const sentOver = (id: string): string | undefined =>
  id.startsWith(`${window}-`) ? id.split('-')[1] : undefined;
