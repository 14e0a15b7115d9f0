/**
 * The elements of SVG: `svg.circle([attribute('r', '4')])`. Each carries its namespace.
 *
 * Source: `lustre/element/svg` of Lustre.
 */
import { SVG } from './node.ts';
import { type Tag, tagsOf } from './tag.ts';

const tag = tagsOf(SVG);

export const a: Tag = tag('a');
export const animate: Tag = tag('animate');
export const animateMotion: Tag = tag('animateMotion');
export const animateTransform: Tag = tag('animateTransform');
export const circle: Tag = tag('circle');
export const clipPath: Tag = tag('clipPath');
export const defs: Tag = tag('defs');
export const desc: Tag = tag('desc');
export const ellipse: Tag = tag('ellipse');
export const feBlend: Tag = tag('feBlend');
export const feColorMatrix: Tag = tag('feColorMatrix');
export const feComponentTransfer: Tag = tag('feComponentTransfer');
export const feComposite: Tag = tag('feComposite');
export const feConvolveMatrix: Tag = tag('feConvolveMatrix');
export const feDiffuseLighting: Tag = tag('feDiffuseLighting');
export const feDisplacementMap: Tag = tag('feDisplacementMap');
export const feDistantLight: Tag = tag('feDistantLight');
export const feDropShadow: Tag = tag('feDropShadow');
export const feFlood: Tag = tag('feFlood');
export const feFuncA: Tag = tag('feFuncA');
export const feFuncB: Tag = tag('feFuncB');
export const feFuncG: Tag = tag('feFuncG');
export const feFuncR: Tag = tag('feFuncR');
export const feGaussianBlur: Tag = tag('feGaussianBlur');
export const feImage: Tag = tag('feImage');
export const feMerge: Tag = tag('feMerge');
export const feMergeNode: Tag = tag('feMergeNode');
export const feMorphology: Tag = tag('feMorphology');
export const feOffset: Tag = tag('feOffset');
export const fePointLight: Tag = tag('fePointLight');
export const feSpecularLighting: Tag = tag('feSpecularLighting');
export const feSpotLight: Tag = tag('feSpotLight');
export const feTile: Tag = tag('feTile');
export const feTurbulence: Tag = tag('feTurbulence');
export const filter: Tag = tag('filter');
export const foreignObject: Tag = tag('foreignObject');
export const g: Tag = tag('g');
export const image: Tag = tag('image');
export const line: Tag = tag('line');
export const linearGradient: Tag = tag('linearGradient');
export const marker: Tag = tag('marker');
export const mask: Tag = tag('mask');
export const metadata: Tag = tag('metadata');
export const mpath: Tag = tag('mpath');
export const path: Tag = tag('path');
export const pattern: Tag = tag('pattern');
export const polygon: Tag = tag('polygon');
export const polyline: Tag = tag('polyline');
export const radialGradient: Tag = tag('radialGradient');
export const rect: Tag = tag('rect');
export const set: Tag = tag('set');
export const stop: Tag = tag('stop');
export const svg: Tag = tag('svg');
const switch_: Tag = tag('switch');
export const symbol: Tag = tag('symbol');
export const text: Tag = tag('text');
export const textPath: Tag = tag('textPath');
export const title: Tag = tag('title');
export const tspan: Tag = tag('tspan');
export const use: Tag = tag('use');
export const view: Tag = tag('view');
export { switch_ as switch };
