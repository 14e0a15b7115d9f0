/** The first view of a component in the HTML of its page, before the runtime has connected. */
import { type Component, expectComponent } from './component.ts';
import { expectName } from './vdom/name.ts';
import { escapeAttribute, renderToString } from './vdom/to-string.ts';

/** The attributes of the element in the page. */
export interface PrerenderOptions {
  /** Where the component is served: the attribute `route`. */
  readonly route: string;
  /** @defaultValue `ws` */
  readonly method?: 'ws' | 'sse' | undefined;
  /** Further attributes of the element, those among them that the component observes. */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  /** HTML of yours, inside the element: what its slots show. Never checked. */
  readonly children?: string | undefined;
}

/**
 * Writes `<lustre-server-component>` with the first view of a component as declarative shadow DOM:
 * the page has its content before the socket, and the runtime takes the shadow root over. `init` and
 * `view` are called; no effect is started.
 *
 * There is no flash where the component begins with the same model when it connects. A style sheet
 * by `link` is loaded once more then; `html.style` is not.
 *
 * @param args - what `init` gets, as `start` will give it
 * @throws TypeError when the component lacks a part; what `init` or `view` throws
 *
 * Source: `component.prerender` of Lustre.
 */
export function renderServerComponent<Args, Model, Message>(
  component: Component<Args, Model, Message>,
  args: Args,
  { route, method = 'ws', attributes = {}, children = '' }: PrerenderOptions,
): string {
  expectComponent(component);
  const [model] = component.init(args);
  const mode = component.options?.openShadowRoot === false ? 'closed' : 'open';
  const view = renderToString(component.view(model));
  // The runtime connects as soon as it knows the route, so that comes last.
  const all = Object.entries({ ...attributes, method, route });
  for (const [name] of all) expectName('attribute', name);
  const written = all.map(([name, value]) => ` ${name}="${escapeAttribute(value)}"`).join('');
  return (
    `<lustre-server-component${written}><template shadowrootmode="${mode}">${view}</template>` +
    `${children}</lustre-server-component>`
  );
}
