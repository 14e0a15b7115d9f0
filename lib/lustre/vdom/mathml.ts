/**
 * The elements of MathML: `mathml.mi([], [text('x')])`. Each carries its namespace.
 *
 * Source: `lustre/element/mathml` of Lustre.
 */
import { MATHML } from './node.ts';
import { type Tag, tagsOf } from './tag.ts';

const tag = tagsOf(MATHML);

export const maction: Tag = tag('maction');
export const math: Tag = tag('math');
export const merror: Tag = tag('merror');
export const mfrac: Tag = tag('mfrac');
export const mi: Tag = tag('mi');
export const mmultiscripts: Tag = tag('mmultiscripts');
export const mn: Tag = tag('mn');
export const mo: Tag = tag('mo');
export const mover: Tag = tag('mover');
export const mpadded: Tag = tag('mpadded');
export const mphantom: Tag = tag('mphantom');
export const mprescripts: Tag = tag('mprescripts');
export const mroot: Tag = tag('mroot');
export const mrow: Tag = tag('mrow');
export const ms: Tag = tag('ms');
export const mspace: Tag = tag('mspace');
export const msqrt: Tag = tag('msqrt');
export const mstyle: Tag = tag('mstyle');
export const msub: Tag = tag('msub');
export const msubsup: Tag = tag('msubsup');
export const msup: Tag = tag('msup');
export const mtable: Tag = tag('mtable');
export const mtd: Tag = tag('mtd');
export const mtext: Tag = tag('mtext');
export const mtr: Tag = tag('mtr');
export const munder: Tag = tag('munder');
export const munderover: Tag = tag('munderover');
export const semantics: Tag = tag('semantics');
export const annotation: Tag = tag('annotation');
