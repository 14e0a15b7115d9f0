/**
 * What each page shows of what its user can change, so that page and model agree once all is quiet.
 *
 * Two facts decide it. Each write to a control has a number, which the element keeps. Each event
 * carries the value that the element had when the event was made, and the number of the last write
 * that it had received. If we have written since, the page shows what we wrote; otherwise it shows
 * the value of the event. After each answer the page of its author shows what the view says, or will
 * once the frames under way have arrived.
 *
 * docs/server-components.md describes the model: "Page and model agree".
 */
import { type Branch, branchAt, controlsIn } from './vdom/control-tree.ts';
import { type Control, inputType, isTyped, type Known, stateOf, wantedOf } from './vdom/control.ts';
import { type ElementNode } from './vdom/node.ts';
import { type Found } from './vdom/path.ts';
import { Decision } from './decision.ts';
import { formAround, isResetButton, targetOf, withValue } from './event-origin.ts';
import { Knowledge } from './knowledge.ts';
import { merge } from './merge.ts';
import { report, type Report } from './report.ts';
import { type Write, Writes } from './writes.ts';

/** The user has left the control by then: what is half typed will not be completed. */
const FINAL: ReadonlySet<string> = new Set(['change', 'blur', 'focusout']);

/** What is known of a control in all pages. */
interface ControlRecord {
  /** The writes sent to all pages that have no record of their own. */
  readonly writes: Writes;
  readonly pages: Map<Page, Knowledge>;
}

/** One page that shows the component. */
export class Page {
  /** The number of the last write before it was mounted. */
  mountedAt = 0;
  /** The controls that its events since the last answer concern. */
  readonly marked: Set<Knowledge> = new Set();
  /** All its events have been handled, and the view answers them. */
  isAnswered = false;
  readonly records: Set<ControlRecord> = new Set();
}

/** Keeps what pages show and what views say in agreement. */
export class Agreement {
  #version = 0;
  readonly #records = new WeakMap<Control, ControlRecord>();

  /** A page is mounted: it shows what the view says. */
  mounted(page: Page): void {
    this.left(page);
    page.mountedAt = this.#version;
  }

  /** A page has disconnected, or is about to be mounted again. */
  left(page: Page): void {
    for (const { pages } of page.records) pages.delete(page);
    page.records.clear();
    page.marked.clear();
  }

  /**
   * Records what an event reveals about the page.
   *
   * @param root - the controls of the view in which the handler was found
   * @returns the event for the handler; undefined when it is to be ignored
   */
  hear(page: Page, root: Branch | undefined, found: Found, event: unknown): unknown {
    const { places, chain, handler } = found;
    const branch = branchAt(root, places);
    const own = branch?.control;
    const said = report(own, event);
    if (handler.name === 'reset' || isResetButton(found)) {
      this.#forget(page, formAround(root, found));
    }
    this.#touch(page, branch, own);
    for (const [depth, node] of chain.entries()) {
      if (depth === chain.length - 1 || node.kind !== 'element') continue;
      const around = branchAt(root, places.slice(0, depth));
      // A click inside opens `details`, and a label passes it on to its input.
      if (node.tag === 'label') this.#touch(page, around, own);
      else if (around?.control?.kind === 'open') this.#knowledge(page, around.control, true);
    }
    if (own !== undefined) return this.#hearOwn(page, root, own, found, said);
    if (handler.name !== 'input' && handler.name !== 'change') return said.event;
    const target = targetOf(branch, said.event);
    return target === undefined
      ? said.event
      : this.#hearOwn(page, root, target, found, report(target, event));
  }

  /** Whether a page needs a patch of its own. */
  isMarked(page: Page): boolean {
    return page.marked.size > 0;
  }

  /**
   * Decides which controls are written to in one patch.
   *
   * @param page - the page that gets the patch; undefined: all `others`
   * @param author - the page whose events the patch answers
   */
  decision(page: Page | undefined, others: readonly Page[], author: Page | undefined): Decision {
    const version = this.#version + 1;
    return new Decision({
      version,
      knowledgeOf: (control) => page && this.#records.get(control)?.pages.get(page),
      isAnswered: page?.isAnswered === true,
      keepsValue: (control) => this.#keepsValue(control, page),
      commit: (control, before, value, isOwn, isKept) => {
        const write: Write = { version, value, by: author, isOwn, isKept };
        this.#noteWrite(control, before, write, page, others);
      },
    });
  }

  /** The patches have been sent. */
  answered(pages: Iterable<Page>): void {
    this.#version += 1;
    for (const page of pages) {
      if (!page.isAnswered) continue;
      page.isAnswered = false;
      for (const knowledge of page.marked) {
        knowledge.shows = undefined;
        knowledge.merged = undefined;
        knowledge.isTouched = false;
      }
      page.marked.clear();
    }
  }

  /** An event of a control itself, or a bubbled one that names it as its target. */
  #hearOwn(
    page: Page,
    root: Branch | undefined,
    control: Control,
    { handler }: Found,
    said: Report,
  ): unknown {
    const { value, seen, isHalfTyped, event } = said;
    const knowledge = this.#knowledge(page, control, false);
    const isFinal = FINAL.has(handler.name);
    const isUndone = handler.name === 'click' && handler.preventDefault;
    if (value === undefined || (isHalfTyped && isFinal) || isUndone) {
      knowledge.shows = 'unknown';
      return event;
    }
    const last = this.#lastWrite(page, knowledge);
    // guard: the echo of a write is no news
    const isEcho = control.kind === 'open' && this.#baseOf(page, knowledge, said) === value;
    if (last === undefined || seen >= last.version) {
      // Text typed before the write has been handled already, and the page shows it no more.
      const heard = this.#merged(page, control, knowledge, said, knowledge.merged);
      if (!isHalfTyped) knowledge.shows = { value };
      // The user has left it, by an event that overtook this one: it is undone.
      else if (knowledge.shows !== 'unknown') knowledge.shows = 'unfinished';
      if (value === true) this.#hearRadio(page, root, control, { value: false });
      return isEcho ? undefined : heard;
    }
    // A later write is under way: the page will show that, and not the value of the event.
    knowledge.shows = { value: last.value };
    if (value === true) {
      this.#hearRadio(page, root, control, 'unknown');
      knowledge.shows = 'unknown';
    }
    // A delayed event is dropped once its user has gone on elsewhere, and we have written for it.
    const isDelayed = handler.debounce > 0 || handler.pause !== undefined;
    // guard: a late event of a debounced handler
    if (isDelayed && last.by === page && !last.isOwn) return undefined;
    if (isEcho) return undefined;
    return this.#merged(page, control, knowledge, said, knowledge.merged ?? last.value);
  }

  /**
   * Applies what the user typed before our write arrived to what we wrote.
   * @param ours - undefined where the page shows what we wrote last
   */
  #merged(
    page: Page,
    control: Control,
    knowledge: Knowledge,
    said: Report,
    ours: Known | undefined,
  ): unknown {
    const { value, seen, event } = said;
    const base = this.#baseOf(page, knowledge, said);
    knowledge.seen = seen;
    knowledge.reported = value;
    if (!isTyped(control) || typeof base !== 'string') return event;
    if (typeof value !== 'string' || typeof ours !== 'string') return event;
    const result = merge(base, value, ours);
    knowledge.merged = result;
    return withValue(event, result);
  }

  /** Only one radio button of a group is checked. */
  #hearRadio(
    page: Page,
    root: Branch | undefined,
    control: Control,
    shows: Exclude<Knowledge['shows'], undefined>,
  ): void {
    const { attributes } = control.element;
    if (inputType(attributes) !== 'radio') return;
    const name = stateOf(attributes, 'name');
    for (const other of controlsIn(root)) {
      if (other === control || other.kind !== 'checked') continue;
      if (inputType(other.element.attributes) !== 'radio') continue;
      if (stateOf(other.element.attributes, 'name') !== name) continue;
      this.#knowledge(page, other, false).shows = shows;
    }
  }

  /** Marks controls around which, or in which, there was an event. */
  #touch(page: Page, branch: Branch | undefined, except: Control | undefined): void {
    for (const control of controlsIn(branch)) {
      if (control !== except) this.#knowledge(page, control, true);
    }
  }

  #forget(page: Page, branch: Branch | undefined): void {
    for (const control of controlsIn(branch)) {
      this.#knowledge(page, control, false).shows = 'unknown';
    }
  }

  #knowledge(page: Page, control: Control, isTouched: boolean): Knowledge {
    const record = this.#recordOf(control);
    let knowledge = record.pages.get(page);
    if (knowledge === undefined) {
      knowledge = new Knowledge(record.writes, page.mountedAt);
      record.pages.set(page, knowledge);
      page.records.add(record);
    }
    if (isTouched) knowledge.isTouched = true;
    page.marked.add(knowledge);
    return knowledge;
  }

  #recordOf(control: Control, element: ElementNode<unknown> = control.element): ControlRecord {
    let record = this.#records.get(control);
    if (record === undefined) {
      const value = wantedOf(control.kind, element);
      // The value that it was inserted with counts as a write that every page has received.
      const first = { version: 0, by: undefined, isOwn: false, isKept: false };
      const writes = new Writes(value === undefined ? [] : [{ ...first, value }]);
      record = { writes, pages: new Map() };
      this.#records.set(control, record);
    }
    return record;
  }

  /** The last write that a page may not have received; undefined when there was none. */
  #lastWrite(page: Page, { writes }: Knowledge): Write | undefined {
    const { last } = writes;
    return last !== undefined && last.version > page.mountedAt ? last : undefined;
  }

  /** What a page showed before the change that an event reports. */
  #baseOf(page: Page, knowledge: Knowledge, { seen, kept }: Report): Known | undefined {
    if (seen === knowledge.seen && knowledge.reported !== undefined) return knowledge.reported;
    if (kept !== undefined) return kept;
    // After a write, or after its mount.
    return seen > 0 ? knowledge.writes.valueOf(seen) : knowledge.writes.valueUntil(page.mountedAt);
  }

  /** Whether more writes to a control are under way than values are kept. */
  #keepsValue(control: Control, page: Page | undefined): boolean {
    const record = this.#records.get(control);
    if (record === undefined) return false;
    if (page !== undefined) return (record.pages.get(page) ?? record).writes.isFull;
    if (record.writes.isFull) return true;
    for (const { writes } of record.pages.values()) if (writes.isFull) return true;
    return false;
  }

  #noteWrite(
    control: Control,
    before: ElementNode<unknown>,
    write: Write,
    page: Page | undefined,
    others: readonly Page[],
  ): void {
    const record = this.#recordOf(control, before);
    if (page !== undefined) {
      let knowledge = record.pages.get(page);
      if (knowledge === undefined) {
        knowledge = new Knowledge(record.writes, page.mountedAt);
        record.pages.set(page, knowledge);
        page.records.add(record);
      }
      knowledge.note(write);
      return;
    }
    record.writes.push(write, () => basesOf(record, others));
    for (const other of others) record.pages.get(other)?.note(write);
  }
}

/** The latest writes that the pages without a record of their own are known to have received. */
function basesOf({ pages }: ControlRecord, others: readonly Page[]): number[] {
  return others.filter((page) => !pages.has(page)).map(({ mountedAt }) => mountedAt);
}
