/** One connection to Redis: how long it waits for an answer. */
import { createClient } from 'redis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { duplicate } from '../../../lib/hub/redis/clients.ts';
import { Connection } from '../../../lib/hub/redis/connection.ts';
import { standStill } from '../../support/clock.ts';
import { isThere } from '../../support/engines.ts';
import { redisUrl } from '../../support/redis-admin.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe.skipIf(!isThere.redis)('a connection to Redis', () => {
  it('has the answer that came while the process stood still', async () => {
    const connection = new Connection(duplicate(createClient({ url: redisUrl })));
    onTestFinished(() => connection.close());
    await connection.open();
    const answer = connection.commands([['ECHO', 'there']], 100);
    // Until it has left.
    await turn();
    standStill(700);

    expect(String(await answer)).toBe('there');
    expect(connection.isBroken).toBe(false);
  });
});
