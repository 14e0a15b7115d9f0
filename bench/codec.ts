/** The process that measures codecs alone: nanoseconds per message, in short turns one after the other. */
import { structCodec, variants } from 'express-omnimessage';
import {
  create,
  type Infer,
  integer,
  literal,
  nullable,
  object,
  size,
  string,
  union,
} from 'superstruct';
import { median } from './median.ts';
import { type CodecOrder, type CodecRow } from './protocol.ts';
import { answer, codec, decode, reply, sample, Sent } from './work.ts';

const { type: _, ...fields } = Sent.schema;
const texts = Array.from({ length: 64 }, (__, index) => sample(180 + index));
const messages = texts.map(decode);
const replies = messages.map(answer);

/** A variant that is tagged `send`, among so many. */
function among(count: number): (text: string) => unknown {
  const others = Array.from(
    { length: count - 1 },
    (__, index) => [`other_${index}`, fields] as const,
  );
  const half = Math.floor(others.length / 2);
  const definitions = Object.fromEntries([
    ...others.slice(0, half),
    ['send', fields] as const,
    ...others.slice(half),
  ]);
  const incoming = variants('type', definitions);
  return structCodec({ incoming, outgoing: incoming }).decode;
}

const OfThree = union([
  object({ type: literal('join'), room: string() }),
  Sent,
  object({ type: literal('leave') }),
]);

/** Fields that superstruct has more to do with. */
const refined = {
  ...fields,
  author: size(string(), 1, 40),
  content: size(string(), 1, 2_000),
  at: nullable(integer()),
};
const Refined = object({ type: literal('send'), ...refined });
type Refined = Infer<typeof Refined>;
const refinedCodec = structCodec({
  incoming: variants('type', { send: refined }),
  outgoing: variants('type', { send: refined }),
});

const contenders: readonly (readonly [title: string, run: (index: number) => unknown])[] = [
  ['JSON.parse and create of one object', (index) => decode(texts[index] as string)],
  ['JSON.parse alone', (index) => JSON.parse(texts[index] as string) as unknown],
  [
    'JSON.parse and create of a union of 3',
    (index) => create(JSON.parse(texts[index] as string), OfThree),
  ],
  ...[3, 24, 100].map((count) => {
    const decodeIt = among(count);
    return [
      `structCodec, variants of ${count}`,
      (index: number) => decodeIt(texts[index] as string),
    ] as const;
  }),
  [
    'JSON.parse and create, with refinements',
    (index) => create(JSON.parse(texts[index] as string), Refined),
  ],
  ['structCodec, with refinements', (index) => refinedCodec.decode(texts[index] as string)],
  ['JSON.stringify', (index) => JSON.stringify(replies[index])],
  ['structCodec, encode', (index) => codec.encode(reply(messages[index] as (typeof messages)[0]))],
  ['structCodec, encode, skipped', (index) => codec.encode(messages[index])],
];

function turn(run: (index: number) => unknown, milliseconds: number): number {
  const began = performance.now();
  let times = 0;
  let elapsed = 0;
  while (elapsed < milliseconds) {
    for (let index = 0; index < 64; index++) run(index);
    times += 64;
    elapsed = performance.now() - began;
  }
  return (elapsed * 1e6) / times;
}

process.once('message', ({ rounds, milliseconds }: CodecOrder) => {
  const measured = contenders.map((): number[] => []);
  for (const [, run] of contenders) turn(run, 4 * milliseconds);
  for (let round = 0; round < rounds; round++) {
    for (const [index, [, run]] of contenders.entries())
      measured[index]?.push(turn(run, milliseconds));
  }
  const [baseline = []] = measured;
  const rows = contenders.map(([title], index): CodecRow => {
    const all = measured[index] ?? [];
    const ratio = median(all.map((each, round) => each / (baseline[round] as number)));
    return { title, median: median(all), min: Math.min(...all), max: Math.max(...all), ratio };
  });
  process.send?.(rows);
});
process.on('disconnect', () => process.exit());
