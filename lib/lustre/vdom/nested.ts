/**
 * Components inside of components. One stops working when it is moved: browsers take an element out
 * of the page to move it, and Lustre's runtime then closes its connection for good.
 */
import { type Element, type Shown, shown } from './node.ts';

const COMPONENT = 'lustre-server-component';

let isAnyMade = false;

/** Notes which tags and markup views are made of: few views have a component in them. */
export function noteNested(tag: string, markup = ''): void {
  if (!isAnyMade && (tag === COMPONENT || markup.includes(COMPONENT))) isAnyMade = true;
}

/** Whether views have to be searched at all. */
export function mayBeCut(): boolean {
  return isAnyMade;
}

/** Whether it stops working when it is moved. */
export function isCutByMoving(node: Shown<unknown> | undefined): boolean {
  if (node === undefined || node.kind === 'text') return false;
  if (node.kind === 'raw') return node.innerHtml.includes(COMPONENT) || node.tag === COMPONENT;
  if (node.kind === 'element' && node.tag === COMPONENT) return true;
  const { children } = node;
  // Without a function for each: very many may move.
  for (let at = 0; at < children.length; at++) {
    if (isCutByMoving(shown(children[at] as Element<unknown>))) return true;
  }
  return false;
}
