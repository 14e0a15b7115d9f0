/** The drills of the hub on a Redis Cluster. */
import { clusterEngine } from '../drills/hub-engines.ts';
import { isThere } from '../support/engines.ts';
import { type DrilledRow, drillHubOn } from './hub-drills.ts';

const engines: readonly DrilledRow[] = [
  {
    name: 'Redis Cluster',
    make: clusterEngine,
    can: ['everything', 'failOver', 'hang', 'reshard', 'deafen'],
  },
];

drillHubOn(engines, isThere.cluster);
