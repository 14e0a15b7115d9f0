/** The messages of one client that were begun, oldest first, with their answers. */
import { type Wire } from '../core/codec.ts';
import { type Answered } from '../core/window-store.ts';
import { type MessageId } from './acknowledgement.ts';
import { KeptMessages } from './kept-messages.ts';

/** Messages, each with the connection that handles it. */
export class HandledMessages<Holder> extends KeptMessages {
  #ids: MessageId[] = [];
  /** When each was begun, in whole milliseconds. */
  #times: number[] = [];
  /** Who handles each; undefined once it is answered. */
  #holders: (Holder | undefined)[] = [];
  /** The header of each answer, or its first character where the id alone follows. */
  #headers: string[] = [];

  /** The oldest one; undefined when there is none. */
  get oldest(): MessageId | undefined {
    return this.length === 0 ? undefined : this.#ids[this.first];
  }

  /** When the oldest one was begun; Infinity when there is none. */
  get oldestTime(): number {
    return this.length === 0 ? Infinity : (this.#times[this.first] ?? Infinity);
  }

  /** When the message in a slot was begun. */
  timeAt(slot: number): number {
    return this.#times[slot] ?? 0;
  }

  /** A message is begun, at a time in milliseconds. */
  begin(id: MessageId, holder: Holder | undefined, time: number): void {
    const slot = this.add();
    this.#ids[slot] = id;
    this.#times[slot] = Math.ceil(time);
    this.#holders[slot] = holder;
  }

  /** The slot of a message; undefined when it is not here. */
  find(id: MessageId): number | undefined {
    // A repeat is rare, and the message that is answered is mostly the last one.
    for (let at = this.length - 1; at >= 0; at--) {
      const slot = this.slotOf(at);
      if (this.#ids[slot] === id) return slot;
    }
    return undefined;
  }

  /** The message in a slot is answered. @returns how many bytes its answer takes */
  answer(slot: number, header: string, encoded: Wire): number {
    // What is kept must not keep its connection alive.
    this.#holders[slot] = undefined;
    this.#headers[slot] = shortened(header);
    return this.put(slot, encoded);
  }

  /** The answer of the message in a slot; undefined while it is being handled. */
  answerAt(slot: number): Answered | undefined {
    const encoded = this.get(slot);
    if (encoded === undefined) return undefined;
    const header = this.#headers[slot] ?? '';
    return { header: header.length === 1 ? `${header}${this.#ids[slot]}` : header, encoded };
  }

  /** The messages that a connection handles still. */
  begunBy(holder: Holder): MessageId[] {
    return Array.from({ length: this.length }, (_, at) => this.slotOf(at))
      .filter((slot) => this.#holders[slot] === holder)
      .map((slot) => this.#ids[slot] as MessageId);
  }

  override drop(): void {
    this.#holders[this.first] = undefined;
    super.drop();
  }

  protected override move(from: number, to: number): void {
    super.move(from, to);
    this.#ids[to] = this.#ids[from] as MessageId;
    this.#times[to] = this.#times[from] as number;
    this.#holders[to] = this.#holders[from];
    this.#headers[to] = this.#headers[from] as string;
    this.#holders[from] = undefined;
  }

  protected override grow(room: number): void {
    this.#ids = this.grown(this.#ids, room);
    this.#times = this.grown(this.#times, room);
    this.#holders = this.grown(this.#holders, room);
    this.#headers = this.grown(this.#headers, room);
    super.grow(room);
  }
}

/** The two usual headers are `=` or `+` and the id: kept as that, they are the same strings for all. */
function shortened(header: string): string {
  if (header.includes(';')) return header;
  return header.startsWith('=') ? '=' : '+';
}
