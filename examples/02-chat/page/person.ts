/** Who writes in this window: a name, which all windows of a browser share, and the ids of its messages. */
const ADJECTIVES = ['Quiet', 'Bright', 'Gentle', 'Brave', 'Merry', 'Swift', 'Sunny', 'Wise'];
const ANIMALS = ['otter', 'robin', 'hare', 'badger', 'heron', 'fox', 'wren', 'lynx'];
const oneOf = (list: readonly string[]): string => list[Math.floor(Math.random() * 8)] ?? '';
const random = (): string => Math.random().toString(36).slice(2, 12);

/** @returns what is given, or else what was kept, or else what is made up; it is kept where it may be */
function kept(where: 'localStorage' | 'sessionStorage', key: string, made: string, given = '') {
  try {
    const value = given || globalThis[where].getItem(key) || made;
    globalThis[where].setItem(key, value);
    return value;
  } catch {
    return given || made;
  }
}

/** The name that a person gives, or the last one, or one that is made up. */
export const nameOf = (given?: string): string =>
  kept('localStorage', 'name', `${oneOf(ADJECTIVES)} ${oneOf(ANIMALS)}`, given?.trim());

const window = kept('sessionStorage', 'window', random());
/** An id for a message, which says over which transport this window sent it. */
export const newId = (over: string): string => `${window}-${over}-${random()}`;
/** Over which transport this window sent a message; undefined for the messages of others. */
export const sentOver = (id: string): string | undefined =>
  id.startsWith(`${window}-`) ? id.split('-')[1] : undefined;
