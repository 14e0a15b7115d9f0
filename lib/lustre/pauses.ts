/**
 * Pauses that the server keeps. A handler with `debounce` or `throttle` on something whose value is
 * the model's hears of every change at once, and handles it later: a pause in the page would keep
 * what was typed from the server, and a write that comes then would take it away.
 */
import { startTimer } from '../process/timers.ts';
import { type ClientMessage } from './client-message.ts';
import { targetOf } from './event-origin.ts';
import { type Snapshot } from './incoming.ts';
import { report } from './report.ts';
import { type Pace } from './vdom/attribute.ts';
import { branchAt } from './vdom/control-tree.ts';
import { type Control } from './vdom/control.ts';
import { findHandler } from './vdom/path.ts';

/** Something that a page has sent, with the view that it showed then. */
export interface Due<Message> {
  readonly message: ClientMessage;
  readonly shown: Snapshot<Message> | undefined;
}

/** What one handler makes one control wait for. */
interface Pause<Message> {
  /** The last event, unless it has been handled. */
  waiting: Due<Message> | undefined;
  /** The number of the last write that its page had seen. */
  seen: number;
  timer: NodeJS.Timeout | undefined;
}

/** The pauses of one viewer. */
export class Pauses<Message> {
  readonly #pauses = new Map<Control | string, Map<string, Pause<Message>>>();
  readonly #elapsed: (due: Due<Message>) => void;

  /** @param elapsed - is given what has waited long enough */
  constructor(elapsed: (due: Due<Message>) => void) {
    this.#elapsed = elapsed;
  }

  /**
   * Takes what a page sends.
   * @returns what is to be handled now, in this order
   */
  admit(message: ClientMessage, shown: Snapshot<Message> | undefined): readonly Due<Message>[] {
    const due = { message, shown };
    if (message.kind !== 'event' || shown === undefined) return [due];
    const found = findHandler(shown.view, message.path, message.name);
    if (found === undefined) return [due];
    const { handler, places } = found;
    const branch = branchAt(shown.branch, places);
    const control = branch?.control ?? targetOf(branch, message.event);
    const key = control ?? message.path;
    const known = this.#pauses.get(key);
    if (handler.pause === undefined) {
      if (known === undefined) return [due];
      // Another event of the same control: what happened before it comes first.
      return [...[...known.values()].flatMap((pause) => taken(pause)), due];
    }
    const pauses = known ?? new Map<string, Pause<Message>>();
    if (known === undefined) this.#pauses.set(key, pauses);
    const ended = (): void => {
      pauses.delete(handler.name);
      if (pauses.size === 0) this.#pauses.delete(key);
    };
    const { seen } = report(control, message.event);
    return this.#wait(pauses, handler.name, handler.pause, due, seen, ended);
  }

  /** All that waits: it waits no longer. */
  drain(): readonly Due<Message>[] {
    const all: Due<Message>[] = [];
    for (const pauses of this.#pauses.values()) {
      for (const pause of pauses.values()) {
        clearTimeout(pause.timer);
        all.push(...taken(pause));
      }
    }
    this.#pauses.clear();
    return all;
  }

  #wait(
    pauses: Map<string, Pause<Message>>,
    name: string,
    { debounce, throttle }: Pace,
    due: Due<Message>,
    seen: number,
    ended: () => void,
  ): readonly Due<Message>[] {
    const elapse = (over: Pause<Message>): void => {
      over.timer = undefined;
      const [late] = taken(over);
      // The pause between two begins anew.
      if (late !== undefined && throttle > 0) over.timer = startTimer(elapse, throttle, over);
      else ended();
      if (late !== undefined) this.#elapsed(late);
    };
    let pause = pauses.get(name);
    if (pause === undefined) {
      pause = { waiting: undefined, seen, timer: undefined };
      pauses.set(name, pause);
      if (throttle > 0) {
        pause.timer = startTimer(elapse, throttle, pause);
        return [due];
      }
    }
    // After a write the user went on from that: what was typed before it is in no later event.
    // guard: what was typed before a write is handled → const earlier: readonly Due<Message>[] = [];
    const earlier = pause.seen === seen ? [] : taken(pause);
    pause.waiting = due;
    pause.seen = seen;
    if (debounce > 0 || pause.timer === undefined) {
      clearTimeout(pause.timer);
      pause.timer = startTimer(elapse, debounce, pause);
    }
    return earlier;
  }
}

function taken<Message>(pause: Pause<Message>): readonly Due<Message>[] {
  const { waiting } = pause;
  pause.waiting = undefined;
  return waiting === undefined ? [] : [waiting];
}
