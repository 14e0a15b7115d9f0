/**
 * The page of the fuzz: one element that lives through a whole program, and one that is mounted
 * afresh for each step, to compare with.
 */
import { type Expected, type ExpectedHandler, snapshot } from '../support/lustre-expected.ts';

let live: HTMLElement | undefined;
let fresh: HTMLElement | undefined;
/** Comes with the next mount of the fresh element: the server sends one for each step. */
let freshMount: Promise<unknown>;
/** The last step that the living element was told of, and who waits for the next. */
let step = -1;
let waiting: (() => void) | undefined;
const errors: string[] = [];

addEventListener('error', ({ message }) => errors.push(message));
addEventListener('unhandledrejection', ({ reason }) => errors.push(String(reason)));

/** Makes an element, which connects. */
function connected(route: string): HTMLElement {
  const element = document.createElement('lustre-server-component');
  document.body.append(element);
  element.setAttribute('route', route);
  return element;
}

/** Settles when an element was mounted, once more. */
function mounted(element: HTMLElement): Promise<unknown> {
  return new Promise((resolve) => {
    element.addEventListener('lustre:mount', resolve, { once: true });
  });
}

/** Waits, but not for ever. */
function within5s(promise: Promise<unknown>, what: string): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${what} never came: ${errors.join()}`));
    }, 5_000);
  });
  return Promise.race([promise, late]).finally(() => {
    clearTimeout(timer);
  });
}

/** Begins a program: with new elements. */
export async function start(liveRoute: string, freshRoute: string): Promise<void> {
  live?.remove();
  fresh?.remove();
  step = -1;
  errors.length = 0;
  live = connected(liveRoute);
  live.addEventListener('step', (event) => {
    step = (event as CustomEvent<number>).detail;
    waiting?.();
  });
  fresh = connected(freshRoute);
  await within5s(Promise.all([mounted(live), mounted(fresh)]), 'the first mount');
  freshMount = mounted(fresh);
}

/** Settles when the living element was told of this step. */
function reached(wanted: number): Promise<void> {
  return new Promise((resolve) => {
    waiting = () => {
      if (step >= wanted) resolve();
    };
    waiting();
  });
}

/** What is wrong with the page at this step, as text; and the handlers are all called once. */
export async function check(
  wanted: number,
  { text, properties, handlers }: Expected,
): Promise<readonly string[]> {
  await within5s(reached(wanted), `step ${wanted}`);
  await within5s(freshMount, 'a fresh mount');
  const [shown, beside] = [live?.shadowRoot, fresh?.shadowRoot];
  if (fresh === undefined || !shown || !beside) throw new Error('start was not called');
  freshMount = mounted(fresh);
  const wrong = errors.splice(0);
  const differs = (what: string, is: unknown, should: unknown): void => {
    if (is !== should) wrong.push(`${what}:\n${String(is)}\ninstead of:\n${String(should)}`);
  };
  differs('shown', snapshot(shown, false), text);
  differs('beside a fresh mount', snapshot(shown, true), snapshot(beside, true));
  // What raw HTML brought along is no element of the view.
  const elements = [...shown.querySelectorAll(':not([data-raw])')];
  for (const { element, name, value } of properties) {
    const is = (elements[element] as unknown as Record<string, unknown> | undefined)?.[name];
    differs(`${name} of element ${element}`, JSON.stringify(is), JSON.stringify(value));
  }
  for (const handler of handlers) {
    const { element, name, prevents } = handler;
    if (isPaced(handler)) continue;
    const event = new Event(name, { cancelable: true });
    elements[element]?.dispatchEvent(event);
    differs(`${name} of element ${element} prevented`, event.defaultPrevented, prevents);
  }
  return wrong;
}

/** It would speak later, or never. */
const isPaced = ({ debounce }: ExpectedHandler): boolean => debounce > 0;
