/** The drills of the hub on one Redis, and on one with replicas. */
import { redisEngine, sentinelEngine, volatileEngine } from '../drills/hub-engines.ts';
import { isThere } from '../support/engines.ts';
import { type DrilledRow, drillHubOn } from './hub-drills.ts';

const engines: readonly DrilledRow[] = [
  { name: 'Redis', make: redisEngine, can: ['everything', 'keeps'] },
  {
    name: 'a Redis that keeps nothing',
    make: volatileEngine,
    can: ['empty', 'failOver', 'deafen'],
  },
  { name: 'Redis with Sentinels', make: sentinelEngine, can: ['failOver', 'hang', 'deafen'] },
];

drillHubOn(engines, isThere.cluster);
