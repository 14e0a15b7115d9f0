import { type Backplane, type BackplaneHub, type LogEntry } from '../../lib/hub/backplane.ts';
import { type Wire } from '../../lib/core/codec.ts';

/**
 * A backplane without an engine: what a hub publishes is written down, and comes back when the test
 * says so; a test speaks for the others, too.
 */
export interface WireBackplane extends Backplane {
  readonly published: (readonly [topic: string, encoded: Wire])[];
  readonly counted: (readonly [topic: string, receivers: number])[];
  readonly followed: Set<string>;
  /** What `publish` of the link returns. */
  accepts: boolean;
  /** How many receivers the other processes have, on every topic. */
  elsewhere: number;
  closes: number;
  /** The hub, as a backplane sees it. */
  readonly hub: BackplaneHub;
  /** Brings what this hub has published, and has not come back. */
  readonly echo: () => void;
  /** Brings what another process has published. */
  readonly receive: (topic: string, payload: Wire | undefined) => void;
}

export function wireBackplane(): WireBackplane {
  let opened: BackplaneHub | undefined;
  const logs = new Map<string, LogEntry[]>();
  const waiting: (readonly [topic: string, n: number, payload: Wire])[] = [];
  const endOf = (topic: string): string => logs.get(topic)?.at(-1)?.place ?? '';
  const append = (topic: string, publisher: string, n: number, payload: Wire | undefined): void => {
    const log = logs.get(topic) ?? [];
    const entry = { place: `${log.length + 1}`, previous: endOf(topic), publisher, n, payload };
    logs.set(topic, [...log, entry]);
    if (backplane.followed.has(topic)) backplane.hub.delivered(topic, entry);
  };
  const backplane: WireBackplane = {
    published: [],
    counted: [],
    followed: new Set(),
    accepts: true,
    elsewhere: 0,
    closes: 0,
    get hub() {
      if (opened === undefined) throw new Error('no hub has opened this backplane');
      return opened;
    },
    echo: () => {
      for (const [topic, n, payload] of waiting.splice(0)) {
        append(topic, backplane.hub.publisher, n, payload);
      }
    },
    receive: (topic, payload) => append(topic, 'another', 1, payload),
    open: (hub) => {
      opened = hub;
      return {
        publish: (topic, n, payload) => {
          backplane.published.push([topic, payload]);
          if (backplane.accepts) waiting.push([topic, n, payload]);
          return backplane.accepts;
        },
        follow: (topic) => {
          backplane.followed.add(topic);
          return Promise.resolve(endOf(topic));
        },
        unfollow: (topic) => {
          backplane.followed.delete(topic);
        },
        read: (topic, after) => {
          const log = logs.get(topic) ?? [];
          const at = log.findIndex(({ place }) => place === after);
          return Promise.resolve({
            entries: log.slice(at + 1),
            isComplete: at >= 0 || after === '',
            hasMore: false,
            end: endOf(topic),
          });
        },
        end: (topic) => Promise.resolve(endOf(topic)),
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
