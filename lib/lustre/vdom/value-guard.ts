/**
 * Values that a browser refuses when the runtime assigns them: it throws then, and the rest of the
 * view is not shown, or not patched. They depend on the element, so they are looked at when it is
 * made: a value that cannot be is left out, a property that can never be set is a TypeError.
 *
 * Found by assigning 40 odd values to every property of every element of HTML and SVG in Chromium.
 */
import { addressOf, isAddress, safeAddress } from './address.ts';
import { type Carried, type EventAttribute, type Json } from './attribute.ts';
import { refuseProperty } from './name.ts';

const list = (names: string): ReadonlySet<string> => new Set(names.split(' '));

/** Those of `audio` and `video`, with their constants. */
const MEDIA_FIXED =
  'HAVE_CURRENT_DATA HAVE_ENOUGH_DATA HAVE_FUTURE_DATA HAVE_METADATA HAVE_NOTHING NETWORK_EMPTY ' +
  'NETWORK_IDLE NETWORK_LOADING NETWORK_NO_SOURCE buffered currentSrc duration ended error mediaKeys ' +
  'networkState paused played readyState remote seekable seeking sinkId srcObject textTracks ' +
  'webkitAudioDecodedByteCount webkitVideoDecodedByteCount';

/** The properties of some elements that are read-only or hold elements. */
const FIXED: Readonly<Record<string, ReadonlySet<string>>> = {
  a: list('origin'),
  area: list('origin'),
  audio: list(MEDIA_FIXED),
  button: list(
    'commandForElement form labels popoverTargetElement validationMessage validity willValidate',
  ),
  datalist: list('options'),
  fieldset: list('elements form type validationMessage validity willValidate'),
  form: list('elements length'),
  iframe: list('contentDocument contentWindow featurePolicy'),
  img: list('complete currentSrc naturalHeight naturalWidth x y'),
  input: list(
    'files form labels list popoverTargetElement selectionDirection selectionEnd selectionStart validationMessage validity valueAsDate valueAsNumber webkitEntries willValidate',
  ),
  label: list('control form'),
  legend: list('form'),
  link: list('sheet'),
  map: list('areas'),
  meter: list('labels'),
  object: list('contentDocument contentWindow form validationMessage validity willValidate'),
  option: list('form index'),
  output: list('form labels type validationMessage validity willValidate'),
  progress: list('labels position'),
  select: list('form labels options selectedOptions type validationMessage validity willValidate'),
  style: list('sheet'),
  table: list('caption rows tBodies tFoot tHead'),
  tbody: list('rows'),
  td: list('cellIndex'),
  template: list('content'),
  textarea: list(
    'form labels textLength type validationMessage validity willValidate selectionDirection selectionEnd selectionStart',
  ),
  tfoot: list('rows'),
  th: list('cellIndex'),
  thead: list('rows'),
  tr: list('cells rowIndex sectionRowIndex'),
  track: list('ERROR LOADED LOADING NONE readyState track'),
  video: list(
    `${MEDIA_FIXED} videoHeight videoWidth webkitDecodedFrameCount webkitDroppedFrameCount`,
  ),
};

/** The properties of SVG that are objects of their own, which cannot be set. Constants, too. */
const FOREIGN = list(
  'amplitude animatedPoints azimuth baseFrequencyX baseFrequencyY bias className clipPathUnits currentScale ' +
    'currentTranslate cx cy diffuseConstant divisor dx dy edgeMode elevation exponent farthestViewportElement ' +
    'filterUnits fr fx fy gradientTransform gradientUnits height href in1 in2 intercept k1 k2 k3 k4 ' +
    'kernelMatrix kernelUnitLengthX kernelUnitLengthY lengthAdjust limitingConeAngle markerHeight ' +
    'markerUnits markerWidth maskContentUnits maskUnits method mode nearestViewportElement numOctaves ' +
    'offset operator orderX orderY orientAngle orientType ownerSVGElement pathLength patternContentUnits ' +
    'patternTransform patternUnits points pointsAtX pointsAtY pointsAtZ preserveAlpha ' +
    'preserveAspectRatio primitiveUnits r radiusX radiusY refX refY requiredExtensions result rotate rx ry ' +
    'scale seed sheet slope spacing specularConstant specularExponent spreadMethod startOffset ' +
    'stdDeviationX stdDeviationY stitchTiles surfaceScale systemLanguage tableValues target ' +
    'targetElement targetX targetY textLength transform type values viewBox viewportElement width x x1 x2 ' +
    'xChannelSelector y y1 y2 yChannelSelector z',
);

type Range = readonly [from: number, to: number];
const ANY: Range = [-Infinity, Infinity];
const UP: Range = [0, 2_147_483_647];

const METER = { value: ANY, min: ANY, max: ANY, low: ANY, high: ANY, optimum: ANY };
const MEDIA: Readonly<Record<string, Range>> = {
  currentTime: ANY,
  defaultPlaybackRate: ANY,
  playbackRate: [0.0625, 16],
  volume: [0, 1],
};
const LENGTHS: Readonly<Record<string, Range>> = { maxLength: UP, minLength: UP };

/** The properties that are numbers, and how large or small they may be. */
const NUMBERS: Readonly<Record<string, Readonly<Record<string, Range>>>> = {
  audio: MEDIA,
  input: { ...LENGTHS, size: [1, 2_147_483_647] },
  meter: METER,
  progress: { value: ANY, max: ANY },
  textarea: LENGTHS,
  video: MEDIA,
};

const EDITABLE = list('"true" "false" "plaintext-only" "inherit"');

/**
 * An attribute or a property of an HTML element, as the element can have it.
 * @returns undefined when the element cannot have it
 * @throws TypeError for a property that can never be set
 */
export function fitting<Message>(
  tag: string,
  each: Carried<Message>,
  isFile: boolean,
): Carried<Message> | undefined {
  if (each.kind === 'event') return each;
  if (each.name === 'value') {
    // guard: the value of a file input
    if (isFile) return each.value === '' ? each : undefined;
    // guard: the value of a meter
    if (each.kind === 'attribute' && !isNumberFor(tag, 'value', each.value)) return undefined;
  }
  if (each.kind === 'attribute') {
    if (tag !== 'object' || each.name.toLowerCase() !== 'data') return each;
    return { ...each, value: safeAddress(each.value) };
  }
  return fittingProperty(tag, each.name, each.value) ? asAddress(tag, each) : undefined;
}

/**
 * Whether an element of SVG or MathML can have it.
 * @throws TypeError for a property that can never be set
 */
export function fitsForeign(
  tag: string,
  { kind, name, value }: Exclude<Carried<unknown>, EventAttribute<unknown>>,
): boolean {
  if (kind === 'attribute') return true;
  // guard: properties of SVG
  if (FOREIGN.has(name) || /^[A-Z\d_]+$/.test(name)) refuseProperty(name, tag);
  return hasText(value);
}

function fittingProperty(tag: string, name: string, value: Json): boolean {
  const fixed = FIXED[tag];
  // guard: properties that some elements cannot have set
  if (fixed?.has(name) === true) refuseProperty(name, tag);
  if (name === 'contentEditable') {
    return typeof value === 'boolean' || EDITABLE.has(JSON.stringify(value).toLowerCase());
  }
  // guard: an object that cannot become a string
  if (typeof value === 'object' && !tag.includes('-') && !hasText(value)) return false;
  // guard: numbers out of range
  return isNumberFor(tag, name, value);
}

/** Whether the browser can make a string of it, as elements of HTML do with most properties. */
function hasText(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return (value as readonly Json[]).every((each) => hasText(each));
  return !Object.hasOwn(value, 'toString');
}

/** Whether it is no number of this element, or one that is in its range. */
function isNumberFor(tag: string, name: string, value: Json): boolean {
  const ranges = NUMBERS[tag];
  if (ranges === undefined || !Object.hasOwn(ranges, name)) return true;
  const range = ranges[name] as Range;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) return false;
  return number >= range[0] && number <= range[1];
}

/** The browser makes a string of whatever it takes for an address: of `['javascript:…']` too. */
function asAddress<Message>(
  tag: string,
  each: Extract<Carried<Message>, { kind: 'property' }>,
): Carried<Message> {
  const { name, value } = each;
  if (tag.includes('-') || !isAddress(tag, name)) return each;
  const text = typeof value === 'string' || typeof value === 'object' ? addressOf(value) : value;
  return { ...each, value: typeof text === 'string' ? safeAddress(text) : text };
}
