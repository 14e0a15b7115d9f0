/** Whether a request is for a path: compared exactly, without the query, and without making a string. */
export function isAt(path: string, url = '/'): boolean {
  return url.startsWith(path) && (url.length === path.length || url[path.length] === '?');
}
