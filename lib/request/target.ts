/** Whether a request is for a path: compared exactly, without the query, and without making a string. */
export function isAt(path: string, url = '/'): boolean {
  return url.startsWith(path) && (url.length === path.length || url[path.length] === '?');
}

/** @throws TypeError when no request could be for it */
export function expectPath(path: string): void {
  if (path.startsWith('/')) return;
  throw new TypeError(`Expected \`path\` to begin with /, got ${JSON.stringify(path)}`);
}
