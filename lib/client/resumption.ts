/** What lets a link go on when its line broke: who it is, and how far it has got. */
import { type Introduction, PLACES_LIMIT, PROTOCOL, type ResumeFrame } from '../core/protocol.ts';
import { type Wire } from '../core/codec.ts';
import { jsonOf } from './encoded.ts';
import { type LineOptions, type Returning } from './transport.ts';

export interface Resumption {
  /** What an attempt needs to know. @param sent - the largest id that was given to a message */
  readonly returning: (sent: () => number) => Returning;
  /** There is a line. */
  readonly opened: (options: LineOptions) => void;
  /** A frame has come. */
  readonly heard: (header: string, payload: Wire) => void;
}

const base64url = (text: string): string =>
  btoa(text).replace(/[+/=]/g, (sign) => ({ '+': '-', '/': '_' })[sign] ?? '');

/**
 * @param definition - the hash of the definition that the page was built with
 * @param missed - called when something is missing, once for all topics
 */
export function createResumption(definition: string | undefined, missed: () => void): Resumption {
  /** Of the link, and of nobody else: whoever has it and the user's login could go on as this page. */
  let client: string | undefined;
  let owner: string | undefined;
  let mayResume = false;
  let pushes = 0;
  let gap: ReturnType<typeof setTimeout> | undefined;
  /** The one that was told last is the last one. */
  const places = new Map<string, string>();

  return {
    returning: (sent) => {
      client ??= base64url(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
      const introduction: Introduction = { client, resumes: mayResume, definition };
      return {
        token: `${PROTOCOL}.${base64url(JSON.stringify(introduction))}`,
        lastEventId: [...places].map((pair) => pair.join(',')).join(' '),
        frame: () => {
          const frame: ResumeFrame = {
            owner,
            sent: sent(),
            pushes,
            places: Object.fromEntries(places),
          };
          return mayResume ? JSON.stringify(frame) : undefined;
        },
      };
    },
    opened: (options) => {
      mayResume = options.window !== undefined;
      ({ owner = owner } = options);
      if (options.resumed === true) return;
      places.clear();
      pushes = options.pushes ?? 0;
    },
    heard: (header, payload) => {
      if (header === '@') {
        ({ owner } = jsonOf(payload) ?? {});
        return;
      }
      const [, name, value = ''] = /;(place|push|gap)=([^;]*)/.exec(header) ?? [];
      if (name === 'push') pushes = Number(value);
      else if (name === 'place') {
        const [topic = '', place] = value.split(',', 2);
        places.delete(topic);
        if (place) places.set(topic, place);
        if (places.size > PLACES_LIMIT) places.delete(places.keys().next().value as string);
      }
      if (name === 'gap') {
        gap ??= setTimeout(() => {
          gap = undefined;
          missed();
        });
      }
    },
  };
}
