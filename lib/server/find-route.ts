/**
 * Which `.ws` route a path leads to, known before anything of the application runs: by looking
 * through the routers of Express 4 and 5 as they would look themselves. A router that a middleware
 * calls by itself is not seen, because nothing but that middleware knows of it.
 */

/** What `.ws` takes as a path: what `.get` of the same Express takes. */
export type RoutePath = string | RegExp | readonly (string | RegExp)[];

/** The `.ws` route that a handshake is for. */
export interface SocketTarget {
  /** The path as `.ws` was given it: compare this, not `url`, which Express matches without case. */
  readonly route: RoutePath;
  /** What the routers above the route took, as it was asked for; empty on the application itself. */
  readonly baseUrl: string;
  /** The parameters of the route. */
  readonly params: Readonly<Record<string, string | readonly string[]>>;
}

/** A router or an application of Express 4 or 5, as far as it is looked through. */
export type Routing = object & {
  readonly stack?: readonly Layer[];
  readonly router?: Routing;
  readonly _router?: Routing;
  readonly lazyrouter?: unknown;
};

/** What a router has for one path, or for all below it. */
export interface Layer {
  readonly route?: object;
  readonly handle: unknown;
  readonly params?: Matched['params'];
  readonly path?: string;
  /** Until Express 5.1 it leaves the result on the layer, later it returns it. */
  readonly match: (path: string) => boolean | Matched;
}

interface Matched {
  readonly path: string;
  readonly params: Readonly<Record<string, string | readonly string[]>>;
}

const paths = new WeakMap<object, RoutePath>();

/**
 * Remembers that the last route of a router or an application was made by `.ws`.
 * @returns the route
 */
export function rememberRoute(target: Routing, path: RoutePath): object | undefined {
  const route = stackOf(target).at(-1)?.route;
  if (route !== undefined) paths.set(route, path);
  return route;
}

const mounted = new WeakMap<object, object[]>();

/** Remembers that an application was mounted in another, which Express hides in a closure. */
export function rememberMount(parent: object, child: object): void {
  const children = mounted.get(parent);
  if (children === undefined) mounted.set(parent, [child]);
  else children.push(child);
}

/**
 * Finds the route that a socket would reach if every middleware let it pass.
 *
 * @param url - in origin form
 * @returns undefined when there is none
 */
export function findRoute(app: Routing, url: string): SocketTarget | undefined {
  const end = url.search(/[?#]/);
  return search(app, end === -1 ? url : url.slice(0, end), '');
}

function search(target: Routing, path: string, baseUrl: string): SocketTarget | undefined {
  for (const layer of stackOf(target)) {
    const matched = matchOf(layer, path);
    if (matched === undefined) continue;
    if (layer.route !== undefined) {
      const route = paths.get(layer.route);
      if (route !== undefined) return { route, baseUrl, params: matched.params };
      continue;
    }
    const inner = innerOf(layer, target);
    if (inner.length === 0) continue;
    const rest = restOf(path, matched.path);
    if (rest === undefined) continue;
    const prefix = baseUrl + matched.path.replace(/\/$/, '');
    for (const routing of inner) {
      const found = search(routing, rest, prefix);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** Whether a layer is for a path. */
export function matchOf(layer: Layer, path: string): Matched | undefined {
  try {
    const matched = layer.match(path);
    if (typeof matched === 'object') return matched;
    return matched ? { path: layer.path ?? '', params: layer.params ?? {} } : undefined;
  } catch {
    // A path with a broken escape: Express finds nothing there either.
    return undefined;
  }
}

/** What is left of a path below a mount point, as Express would cut it. */
function restOf(path: string, taken: string): string | undefined {
  if (!path.startsWith(taken)) return undefined;
  const rest = path.slice(taken.length);
  if (taken !== '' && rest !== '' && !/^[/.]/.test(rest) && !taken.endsWith('/')) return undefined;
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function innerOf({ handle }: Layer, parent: Routing): readonly Routing[] {
  if (typeof handle !== 'function') return [];
  if ('stack' in handle || isApplication(handle)) return [handle];
  return handle.name === 'mounted_app' ? (mounted.get(parent) ?? []) : [];
}

/** Whether Express would mount it as an application. */
export function isApplication(value: unknown): boolean {
  return typeof value === 'function' && 'handle' in value && 'set' in value;
}

function stackOf(target: Routing): readonly Layer[] {
  if (target.stack !== undefined) return target.stack;
  // Express 4 has a `router` that throws; without a route it has no `_router` yet.
  const router = target.lazyrouter === undefined ? target.router : target._router;
  return router?.stack ?? [];
}
