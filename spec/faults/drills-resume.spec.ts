/**
 * Goal G35: clients are cut at random moments, their servers killed by kill -9, and they come back to
 * whichever process there is. What is measured is printed.
 */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { clusterEngine, natsEngine, redisEngine } from '../drills/hub-engines.ts';
import { runResumeDrill } from '../drills/resume.ts';
import { type EngineOptions, isThere } from '../support/engines.ts';
import { randomOf } from './random.ts';
import { isLong, scaled } from './drilled.ts';

const engines = [
  ...(isThere.cluster ? [{ name: 'Redis', make: redisEngine }] : []),
  ...(isThere.cluster && isLong ? [{ name: 'Redis Cluster', make: clusterEngine }] : []),
  ...(isThere.natsServer ? [{ name: 'NATS', make: natsEngine }] : []),
];

const urlOf = (options: EngineOptions): string | undefined =>
  options.kind === 'redis' ? options.url : undefined;

// It takes minutes even when small; the short form has `spec/connection/resume.model.spec.ts` instead.
describe.runIf(isLong).each(engines)('coming back, on $name', ({ name, make }) => {
  it(
    'G35: nothing is lost without a gap, nothing is handled twice',
    async () => {
      const engine = await make();
      await engine.start();
      try {
        const report = await runResumeDrill({
          engine: engine.options,
          prefix: `omnimessage-drill-${randomUUID()}`,
          windows: urlOf(engine.options),
          clients: scaled(30, 2_000),
          topics: scaled(3, 50),
          pushes: scaled(2_000, 100_000),
          asks: scaled(500, 20_000),
          cuts: scaled(100, 4_000),
          kills: scaled(1, 10),
          random: randomOf(`G35 ${name}`),
        });
        process.stdout.write(`G35 on ${name}: ${JSON.stringify(report)}\n`);

        expect(report).toMatchObject({ lost: 0, doubled: 0, handledTwice: 0, invented: 0 });
        expect(report.resumed).toBeGreaterThan(0);
      } finally {
        await engine.end();
      }
    },
    scaled(180_000, 900_000),
  );
});
