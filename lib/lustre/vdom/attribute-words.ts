/**
 * Words for the attributes that people use: `attribute.href('/')`, `attribute.disabled(isBusy)`.
 *
 * Source: `lustre/attribute` of Lustre, whose `type_` and `for` are `type` and `for` here.
 */
import {
  type Attribute,
  attribute as plain,
  booleanAttribute,
  classes,
  styles,
} from './attribute.ts';

/** An attribute with a value. */
export type TextWord = (value: string | number) => Attribute<never>;
/** An attribute that is there or not. */
export type BooleanWord = (isOn: boolean) => Attribute<never>;

type TextName =
  | 'accept'
  | 'action'
  | 'alt'
  | 'autocomplete'
  | 'class'
  | 'colspan'
  | 'enctype'
  | 'for'
  | 'form'
  | 'height'
  | 'href'
  | 'id'
  | 'lang'
  | 'max'
  | 'maxlength'
  | 'method'
  | 'min'
  | 'minlength'
  | 'name'
  | 'part'
  | 'pattern'
  | 'placeholder'
  | 'popover'
  | 'rel'
  | 'role'
  | 'rowspan'
  | 'slot'
  | 'src'
  | 'srcset'
  | 'step'
  | 'style'
  | 'tabindex'
  | 'target'
  | 'title'
  | 'type'
  | 'value'
  | 'width';

type BooleanName =
  | 'autofocus'
  | 'checked'
  | 'disabled'
  | 'hidden'
  | 'inert'
  | 'multiple'
  | 'novalidate'
  | 'open'
  | 'readonly'
  | 'required'
  | 'selected';

/** The words, beside plain itself. */
export type AttributeWords = Readonly<Record<TextName, TextWord>> &
  Readonly<Record<BooleanName, BooleanWord>> & {
    /** `attribute.aria('label', 'Close')` */
    readonly aria: (name: string, value: string) => Attribute<never>;
    /** `attribute.data('id', 7)` */
    readonly data: (name: string, value: string | number) => Attribute<never>;
    readonly classes: typeof classes;
    readonly styles: typeof styles;
  };

const TEXTS: readonly TextName[] = (
  'accept action alt autocomplete class colspan enctype for form height href id lang max maxlength method min ' +
  'minlength name part pattern placeholder popover rel role rowspan slot src srcset step style tabindex target title ' +
  'type value width'
).split(' ') as TextName[];
const BOOLEANS: readonly BooleanName[] =
  'autofocus checked disabled hidden inert multiple novalidate open readonly required selected'.split(
    ' ',
  ) as BooleanName[];

function words(): AttributeWords {
  const made: Record<string, unknown> = {
    aria: (name: string, value: string) => plain(`aria-${name}`, value),
    data: (name: string, value: string | number) => plain(`data-${name}`, value),
    classes,
    styles,
  };
  for (const name of TEXTS) made[name] = (value: string | number) => plain(name, value);
  for (const name of BOOLEANS) made[name] = (isOn: boolean) => booleanAttribute(name, isOn);
  return made as AttributeWords;
}

/** An attribute of any name: see `attribute.ts`; and a word for each that people use. */
export const attribute: typeof plain & AttributeWords = withWords();

function withWords(): typeof plain & AttributeWords {
  const any = (name: string, value: string | number): Attribute<never> => plain(name, value);
  for (const [name, word] of Object.entries(words())) {
    // `name` of a function cannot be assigned to.
    Object.defineProperty(any, name, { value: word, enumerable: true });
  }
  return any as typeof plain & AttributeWords;
}
