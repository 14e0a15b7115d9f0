/** The entry point `express-omnimessage/lustre`: Lustre server components. */
export {
  type Attribute,
  booleanAttribute,
  classes,
  type Decode,
  type EventAttribute,
  type Json,
  noAttribute,
  property,
  styles,
} from './lustre/vdom/attribute.ts';
export {
  attribute,
  type AttributeWords,
  type BooleanWord,
  type TextWord,
} from './lustre/vdom/attribute-words.ts';
export { renderToString } from './lustre/vdom/to-string.ts';
export { type PrerenderOptions, renderServerComponent } from './lustre/prerender.ts';
export {
  type Children,
  element,
  fragment,
  type Keyed,
  keyed,
  map,
  memo,
  namespaced,
  none,
  text,
  unsafeRawHtml,
} from './lustre/vdom/element.ts';
export { type Element } from './lustre/vdom/node.ts';
export {
  advanced,
  debounce,
  decodeEvent,
  type EventDecoder,
  type HandlerOptions,
  on,
  preventDefault,
  stopPropagation,
  throttle,
} from './lustre/vdom/event.ts';
export {
  type FormFields,
  onBlur,
  onChange,
  onCheck,
  onChoices,
  onClick,
  onDoubleClick,
  type OnEvent,
  onFocus,
  onInput,
  onKeyDown,
  onKeyPress,
  onKeyUp,
  onMouseDown,
  onMouseEnter,
  onMouseLeave,
  onMouseOut,
  onMouseOver,
  onMouseUp,
  onSubmit,
} from './lustre/vdom/event-words.ts';
export * as html from './lustre/vdom/html.ts';
export * as svg from './lustre/vdom/svg.ts';
export * as mathml from './lustre/vdom/mathml.ts';
export { type Tag } from './lustre/vdom/tag.ts';
export {
  type Component,
  component,
  type ComponentOptions,
  emit,
  provide,
} from './lustre/component.ts';
export {
  type ComponentWatchers,
  type ServerComponent,
  startServerComponent,
} from './lustre/shared-component.ts';
export { type OwnComponent, type SharedComponent, type Source } from './lustre/source.ts';
export { type Csrf } from './lustre/csrf.ts';
export { omniServerComponent, type ServerComponentOptions } from './lustre/websocket.ts';
export { omniServerComponentSse, type ServerComponentSseOptions } from './lustre/sse.ts';
