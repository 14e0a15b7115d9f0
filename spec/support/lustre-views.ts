import {
  type Attribute,
  attribute,
  type Children,
  debounce,
  type Element,
  element,
  fragment,
  html,
  keyed,
  map,
  memo,
  namespaced,
  none,
  on,
  preventDefault,
  property,
  stopPropagation,
  text,
  unsafeRawHtml,
} from 'express-omnimessage/lustre';
import { type Hit } from './lustre-expected.ts';
import { type Kids, type Shape, type ShapeAttribute } from './lustre-trees.ts';

const SVG = 'http://www.w3.org/2000/svg';

/**
 * The view of a shape, in the words of the library.
 * @param anchored - whether each fragment begins with `none()`, so that none is ever empty: what the
 * runtimes of Lustre 5.5 need
 */
export function viewOf(shape: Shape, anchored = false): Element<Hit> {
  const children = ({ shapes, keys }: Kids, first: readonly Element<Hit>[] = []): Children<Hit> => {
    const views = [...first, ...shapes.map((kid) => viewOf(kid, anchored))];
    if (keys === undefined) return views;
    const names = [...first.map(() => 'anchor'), ...keys];
    return keyed(views.map((view, at) => [names[at] ?? '', view] as const));
  };
  switch (shape.is) {
    case 'text':
      return text(shape.content);
    case 'none':
      return none();
    case 'fragment':
      return fragment(children(shape.kids, anchored ? [none()] : []));
    case 'element': {
      const attributes = shape.attributes.map((each) => attributeOf(each));
      return shape.isSvg
        ? namespaced(SVG, shape.tag, attributes, children(shape.kids))
        : element(shape.tag, attributes, children(shape.kids));
    }
    case 'textarea':
      return html.textarea([], shape.content);
    case 'raw':
      return unsafeRawHtml(shape.tag, [], shape.innerHtml);
    case 'map':
      return map(viewOf(shape.child, anchored), ({ id, via }) => ({ id, via: [...via, shape.by] }));
    case 'memo':
      return memo([shape.id, shape.version], () => viewOf(shape.child, anchored));
  }
}

function attributeOf(shape: ShapeAttribute): Attribute<Hit> {
  if (shape.is === 'attribute') return attribute(shape.name, shape.value);
  if (shape.is === 'property') return property(shape.name, shape.value);
  const { name, include, prevents, stops } = shape;
  const decode = (): Hit => ({ id: shape.id, via: [] });
  let handler = on(name, Object.assign(decode, { include }));
  if (prevents) handler = preventDefault(handler);
  if (stops) handler = stopPropagation(handler);
  return debounce(handler, shape.debounce);
}
