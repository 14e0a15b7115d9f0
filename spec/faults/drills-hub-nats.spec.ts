/** The drills of the hub on NATS. */
import { natsEngine } from '../drills/hub-engines.ts';
import { isThere } from '../support/engines.ts';
import { type DrilledRow, drillHubOn } from './hub-drills.ts';

const engines: readonly DrilledRow[] = [
  { name: 'NATS', make: natsEngine, can: ['everything', 'keeps', 'empty', 'deafen'] },
];

drillHubOn(engines, isThere.natsServer);
