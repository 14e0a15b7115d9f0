/** The topics that are followed in one Redis: their subscriptions, and where each begins. */
import { type Place, START } from '../backplane.ts';
import { type Names } from './entry.ts';
import { lastIdOf } from './read.ts';
import { type Session } from './session.ts';

/** A topic that is followed: its promise of a first place, until it is kept. */
export interface Following {
  begun: ((place: Place) => void) | undefined;
  ended: ((error: Error) => void) | undefined;
  /** The end of the log when it began: asked before anything that is published after that. */
  place: Place | undefined;
  asked: Promise<void> | undefined;
}

export class Followings {
  readonly #names: Names;
  readonly #all = new Map<string, Following>();
  /** The topic of each channel. */
  readonly #topics = new Map<string, string>();
  readonly #joining = new Set<string>();
  readonly #leaving = new Set<string>();
  #session: Session | undefined;
  #isChanging = false;

  constructor(names: Names) {
    this.#names = names;
  }

  /** The topic that is followed on a channel; undefined when none is any more. */
  topicOf(channel: string): string | undefined {
    return this.#topics.get(channel);
  }

  /** The topics whose first place is known. */
  begun(): string[] {
    return [...this.#all].flatMap(([topic, { begun }]) => (begun === undefined ? [topic] : []));
  }

  /** The channels of all topics. */
  channels(): string[] {
    return [...this.#topics.keys()];
  }

  follow(topic: string): Promise<Place> {
    // One that is followed already begins anew: its subscription stands, but it needs a place.
    this.#all.get(topic)?.ended?.(new Error('it is followed anew'));
    return new Promise((begun, ended) => this.add(topic, begun, ended));
  }

  add(topic: string, begun: Following['begun'], ended: Following['ended']): void {
    const following: Following = { begun, ended, place: undefined, asked: undefined };
    this.#all.set(topic, following);
    this.#topics.set(this.#names.log(topic), topic);
    this.#leaving.delete(topic);
    this.#joining.add(topic);
    if (this.#session !== undefined) this.#ask(this.#session, topic, following);
    this.#change();
  }

  unfollow(topic: string): void {
    const known = this.remove(topic);
    if (known === undefined) return;
    known.ended?.(new Error('it is not followed any more'));
    this.#leaving.add(topic);
    this.#change();
  }

  /** Takes one out, as it is. */
  remove(topic: string): Following | undefined {
    const known = this.#all.get(topic);
    this.#all.delete(topic);
    this.#topics.delete(this.#names.log(topic));
    this.#joining.delete(topic);
    return known;
  }

  /** Takes out all that are chosen; the server has ended their subscriptions. */
  *removeAll(isChosen: (topic: string) => boolean): Generator<[string, Following]> {
    for (const [topic, following] of this.#all) {
      if (!isChosen(topic)) continue;
      this.remove(topic);
      yield [topic, following];
    }
  }

  /**
   * A session is there, and all channels are subscribed to: those whose first place is not known are
   * asked for it.
   * @param isSame - whether a place that was asked before still stands
   */
  begin(session: Session, isSame: boolean): void {
    this.#session = session;
    for (const [topic, following] of this.#all) {
      if (following.begun === undefined) continue;
      if (!isSame) following.place = undefined;
      this.#joining.add(topic);
      this.#ask(session, topic, following);
    }
    this.#change();
  }

  end(): void {
    this.#session = undefined;
  }

  /** Subscribes and unsubscribes, together what came together. */
  #change(): void {
    const session = this.#session;
    if (this.#isChanging || session === undefined) return;
    this.#isChanging = true;
    void Promise.resolve().then(async () => {
      try {
        await this.#changeNow(session);
      } catch (error) {
        session.writer.close(error);
      }
      this.#isChanging = false;
      if (this.#joining.size + this.#leaving.size > 0) this.#change();
    });
  }

  async #changeNow(session: Session): Promise<void> {
    const left = [...this.#leaving];
    const joined = [...this.#joining];
    this.#leaving.clear();
    this.#joining.clear();
    await session.unsubscribe(left.map((topic) => this.#names.log(topic)));
    await session.subscribe(joined.map((topic) => this.#names.log(topic)));
    for (const topic of joined) {
      const following = this.#all.get(topic);
      if (following === undefined) continue;
      await following.asked;
      session.writer.check();
      following.begun?.(following.place ?? START);
      following.begun = undefined;
      following.ended = undefined;
    }
  }

  /** Asks for the end of a log: in front of all that is written from now on. */
  #ask(session: Session, topic: string, following: Following): void {
    if (following.place !== undefined) return;
    following.asked = lastIdOf(session.writer, topic, this.#names).then(
      (id) => {
        following.place = id === undefined ? START : `${id}.${session.identity}`;
      },
      (error: unknown) => session.writer.close(error),
    );
  }
}
