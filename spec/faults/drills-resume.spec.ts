/**
 * Goal G35: clients are cut at random moments, their servers killed by kill -9, and they come back to
 * whichever process there is. What is measured is printed.
 */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { clusterEngine, natsEngine, redisEngine } from '../drills/hub-engines.ts';
import { runResumeDrill } from '../drills/resume.ts';
import { bounded } from '../support/bounded.ts';
import { isThere } from '../support/engines.ts';
import { randomOf } from './random.ts';
import { isLong, scaled } from './drilled.ts';

const engines = [
  { name: 'one process', make: undefined },
  ...(isThere.cluster ? [{ name: 'Redis', make: redisEngine }] : []),
  ...(isThere.cluster && isLong ? [{ name: 'Redis Cluster', make: clusterEngine }] : []),
  ...(isThere.natsServer ? [{ name: 'NATS', make: natsEngine }] : []),
];

describe.each(engines)('coming back, on $name', ({ name, make }) => {
  it(
    'G35: nothing is lost without a gap, nothing is handled twice',
    async () => {
      const engine = await make?.();
      try {
        const report = await runResumeDrill({
          engine: engine?.options,
          prefix: `omnimessage-drill-${randomUUID()}`,
          hasStore: name.startsWith('Redis'),
          clients: scaled(12, 2_000),
          topics: scaled(3, 50),
          pushes: scaled(600, 100_000),
          asks: scaled(200, 20_000),
          cuts: scaled(40, 4_000),
          kills: scaled(1, 10),
          steps: scaled(60, 2_000),
          random: randomOf(`G35 ${name}`),
        });
        process.stdout.write(`G35 on ${name}: ${JSON.stringify(report)}\n`);

        expect(report).toMatchObject({ lost: 0, doubled: 0, handledTwice: 0, invented: 0 });
        expect(report.resumed).toBeGreaterThan(0);
        expect(report.answered).toBeGreaterThan(0);
      } finally {
        await bounded('the end of the engine', Promise.resolve(engine?.end()));
      }
    },
    // Longer than all of its waits together: each tells by itself what was awaited.
    scaled(300_000, 900_000),
  );
});
