/** One viewer of a component: the frames for it, and the view that its events are about. */
import { type ApplicationError } from '../application/errors.ts';
import { type Prepared } from '../core/prepared.ts';
import { Page } from './agreement.ts';
import { type Snapshot } from './incoming.ts';
import { type Due, Pauses } from './pauses.ts';

/** A transport that shows a component. Its functions must not throw. */
export interface Viewer {
  /**
   * Takes a frame. One that goes to many comes as a `Prepared`.
   * @param isMount - it shows the whole view, whatever came before
   */
  readonly show: (frame: string | Prepared, isMount: boolean) => void;
  /** The component has ended: because it was stopped, or because of `error`. */
  readonly ended: (error?: ApplicationError) => void;
}

export class Viewing<Message> {
  readonly viewer: Viewer;
  readonly page: Page = new Page();
  readonly pauses: Pauses<Message>;
  /** The view of the page when it sent its last frame; undefined before the first. */
  #then: Snapshot<Message> | undefined;
  /** The view of the first frame since then. */
  #next: Snapshot<Message> | undefined;

  /** @param elapsed - is given an event whose pause is over */
  constructor(viewer: Viewer, elapsed: (viewing: Viewing<Message>, due: Due<Message>) => void) {
    this.viewer = viewer;
    this.pauses = new Pauses((due) => elapsed(this, due));
  }

  /** @param shown - the view that the page shows with this frame */
  show(frame: string | Prepared, shown: Snapshot<Message> | undefined, isMount = false): void {
    this.#next ??= shown;
    this.viewer.show(frame, isMount);
  }

  /**
   * The view that the page showed when the events of a frame happened.
   *
   * A page sends one frame and then waits for any frame of ours; what happens meanwhile it sends as
   * a batch, before it shows that frame. So a batch is about the view of the frame before it: of one
   * click that two elements hear of, the second event comes so.
   *
   * @param now - the view of the last frame that was sent
   */
  looksBack(isBatch: boolean, now: Snapshot<Message> | undefined): Snapshot<Message> | undefined {
    // guard: a batch is about the view before the answer → const then = now;
    const then = isBatch ? (this.#then ?? now) : now;
    this.#then = isBatch ? (this.#next ?? now) : now;
    this.#next = undefined;
    return then;
  }
}
