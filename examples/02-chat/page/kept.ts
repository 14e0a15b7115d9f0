/** What a window keeps over a reload: which messages it wrote, and those that it does not know to be sent. */
import { AUTHOR_LIMIT, type Chat, Status } from '../messages.ts';

const KEY = 'written';
/** How many messages are remembered: as many as the server keeps, and some more. */
const LIMIT = 300;
/** How often a message is sent again by itself. */
const REPEATS = 2;

interface Entry {
  /** The transport over which it was sent. */
  readonly over: string;
  /** Present until the server is known to have it. */
  readonly chat?: Chat | undefined;
}

/** The messages of this window, by id. */
export class Written extends Map<string, Entry> {
  readonly #repeats = new Map<string, number>();

  add(chat: Chat, over: string): void {
    this.set(chat.id, { over, chat });
    const [oldest] = this.keys();
    if (this.size > LIMIT && oldest !== undefined) this.delete(oldest);
  }

  forget(id: string): void {
    const entry = this.get(id);
    if (entry !== undefined) this.set(id, { over: entry.over });
  }

  /** Whether a message may be sent again without asking a person: counts it. */
  mayRepeat(id: string): boolean {
    const repeats = (this.#repeats.get(id) ?? 0) + 1;
    this.#repeats.set(id, repeats);
    return repeats <= REPEATS;
  }
}

/** Keeps what is not sent yet, and forgets the content of what is. */
export function keep(written: Written, chats: readonly Chat[]): void {
  for (const { id, status } of chats) if (status === Status.Sent) written.forget(id);
  store(() => sessionStorage, KEY, JSON.stringify([...written]));
}

/** What was kept, as far as it can be read. */
export function kept(): Written {
  try {
    return new Written(JSON.parse(sessionStorage.getItem(KEY) ?? '') as [string, Entry][]);
  } catch {
    return new Written();
  }
}

const ADJECTIVES = ['Quiet', 'Bright', 'Gentle', 'Brave', 'Merry', 'Swift', 'Sunny', 'Wise'];
const ANIMALS = ['otter', 'robin', 'hare', 'badger', 'heron', 'fox', 'wren', 'lynx'];
let name: string | undefined;

/** The name of the person, made up until they give one. */
export function nameOf(): string {
  try {
    name ??= localStorage.getItem('name') ?? undefined;
  } catch {
    // Forbidden: then it lives as long as the window.
  }
  return (name ??= rename(`${oneOf(ADJECTIVES)} ${oneOf(ANIMALS)}`));
}

/** Takes another name; the one before when it is empty. */
export function rename(wanted: string): string {
  const trimmed = wanted.trim().slice(0, AUTHOR_LIMIT);
  if (trimmed === '') return nameOf();
  name = trimmed;
  store(() => localStorage, 'name', name);
  return name;
}

/** A random UUID. `crypto.randomUUID` is missing on a page without TLS. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function oneOf(list: readonly string[]): string {
  return list[Math.floor(Math.random() * list.length)] ?? '';
}

function store(storage: () => Storage, key: string, value: string): void {
  try {
    storage().setItem(key, value);
  } catch {
    // Full, or forbidden: the window is then as good as one without.
  }
}
