/** Whether a piece of CSS can stand beside others without changing what they mean. */

const CLOSES: Readonly<Record<string, string>> = { '(': ')', '[': ']' };

/**
 * Whether a value is one whole value of a declaration: no second declaration in it, and nothing that
 * is left open and would swallow what comes after it: a string, a bracket, a comment, an escape.
 *
 * Source: CSS Syntax Level 3, section 4, tokenization.
 */
export function isWholeValue(value: string): boolean {
  return isClosed(value, /[;{}]/);
}

/** Whether declarations end where their text ends. */
export function areWholeDeclarations(css: string): boolean {
  return isClosed(css, /[{}]/);
}

function isClosed(css: string, refused: RegExp): boolean {
  const open: string[] = [];
  for (let at = 0; at < css.length; at++) {
    const letter = css[at] as string;
    if (letter === '\\') {
      // An escape takes the next character along, which must be there.
      at += 1;
      if (at >= css.length || /[\n\r\f]/.test(css[at] as string)) return false;
    } else if (letter === '"' || letter === "'") {
      at = endOfString(css, at);
      if (at === -1) return false;
    } else if (letter === '/' && css[at + 1] === '*') {
      at = css.indexOf('*/', at + 2) + 1;
      if (at === 0) return false;
    } else if (letter in CLOSES) {
      open.push(CLOSES[letter] as string);
    } else if (letter === ')' || letter === ']') {
      if (open.pop() !== letter) return false;
    } else if (refused.test(letter) || letter === '\0') {
      return false;
    }
  }
  return open.length === 0;
}

/** Where a string ends that begins here; -1 when it does not. */
function endOfString(css: string, start: number): number {
  for (let at = start + 1; at < css.length; at++) {
    const letter = css[at] as string;
    if (letter === css[start]) return at;
    if (/[\n\r\f]/.test(letter)) return -1;
    if (letter === '\\') at += 1;
  }
  return -1;
}
