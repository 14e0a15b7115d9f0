import { type Backplane, type BackplaneHub } from '../../lib/hub/backplane.ts';
import { type Wire } from '../../lib/core/codec.ts';

/** A backplane without an engine: what a hub tells it is written down, and a test speaks for the others. */
export interface WireBackplane extends Backplane {
  readonly published: (readonly [topic: string, encoded: Wire])[];
  readonly counted: (readonly [topic: string, receivers: number])[];
  /** What `publish` of the link returns. */
  accepts: boolean;
  /** How many receivers the other processes have, on every topic. */
  elsewhere: number;
  closes: number;
  /** The hub, as a backplane sees it. */
  readonly hub: BackplaneHub;
}

export function wireBackplane(): WireBackplane {
  let opened: BackplaneHub | undefined;
  const backplane: WireBackplane = {
    published: [],
    counted: [],
    accepts: true,
    elsewhere: 0,
    closes: 0,
    get hub() {
      if (opened === undefined) throw new Error('no hub has opened this backplane');
      return opened;
    },
    open: (hub) => {
      opened = hub;
      return {
        publish: (topic, encoded) => {
          backplane.published.push([topic, encoded]);
          return backplane.accepts;
        },
        counted: (topic, receivers) => backplane.counted.push([topic, receivers]),
        count: () => Promise.resolve(backplane.elsewhere),
        ready: () => Promise.resolve(),
        close: () => {
          backplane.closes += 1;
          return Promise.resolve();
        },
      };
    },
  };
  return backplane;
}
