/** The text of bytes, the same on every transport. */

/**
 * Decodes UTF-8, without the byte order mark that some tools put before it. A codec must not get to
 * see it from one transport and not from another.
 */
export function textOfBytes(bytes: Buffer): string {
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return hasMark ? bytes.toString('utf8', 3) : bytes.toString('utf8');
}

/** The same for a string that was decoded before. */
export function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
