/** Resuming after a line broke: the identity of the link, its places in topics, and what to repeat. */
import {
  FORGOTTEN,
  type Introduction,
  PLACES_LIMIT,
  PROTOCOL,
  type ResumeFrame,
  TOKEN_LIMIT,
} from '../core/protocol.ts';
import { jsonOf } from './encoded.ts';
import { clocks } from './platform.ts';
import { type Resume, type Sent } from './resumption.ts';
import { type LineOptions } from './transport.ts';
import { LONGEST } from './limits.ts';

/** Options of {@link resume}. */
export interface ResumeLinkOptions {
  /**
   * The hash of the definition that the page was built with (`hashOf`, or what the command
   * `definition` prints), for `onVersion` of the route. A page that is too old ends with the reason
   * `outdated`: load it anew.
   */
  readonly definition?: string | undefined;
}

/** The server hears of so many answers at once that they have come. */
const TOGETHER = 8;

/** A topic, and where it stands: nothing for nowhere. */
const PLACE = /^([\w-]{1,32}),([!-~]{1,180})?$/;
const numberIn = (digits: unknown): number | undefined =>
  /^\d{1,15}$/.test(String(digits)) ? Number(digits) : undefined;

/** For how long a message may be sent again, in ms, as long as a timer takes it: 0 where it may not. */
const windowOf = ({ window }: LineOptions): number =>
  typeof window === 'number' && window > 0 && window < LONGEST ? window : 0;

const base64url = (text: string): string =>
  btoa(text).replace(/[+/=]/g, (sign) => ({ '+': '-', '/': '_' })[sign] ?? '');

/**
 * For `resume` of `connect`: on a route with `resume`, what was not confirmed when the line broke is
 * sent again and handled once, and what the server said meanwhile comes. On other routes it changes
 * nothing.
 *
 * @example
 * const link = connect({ url: '/omni-ws', codec, resume: resume() });
 */
export function resume({ definition }: ResumeLinkOptions = {}): Resume {
  return ({ sent, lastId, giveUp, missed }) => {
    /** The secret of this link: with it and the user's login another page could go on in its place. */
    let client: string | undefined;
    let owner: string | undefined;
    let mayResume = false;
    /** Truthy when a line broke before what `onOpen` had sent on it was confirmed. */
    let cut: unknown;
    let pushes = 0;
    let gap: ReturnType<typeof setTimeout> | undefined;
    /** The one that was heard last is the last one. */
    const places = new Map<string, string>();
    /** Something is missing; the page hears of it once for all topics. */
    const miss = (): void => {
      gap ??= setTimeout(() => {
        gap = undefined;
        missed();
      });
    };
    /** For how long a message may be sent again, in ms. */
    let window = 0;
    let expiry: ReturnType<typeof setTimeout> | undefined;
    const stop = (): void => {
      clearTimeout(expiry);
      expiry = undefined;
    };
    /** Up to which message the server was told that none is sent again. */
    let told = 0;
    const learnOwner = (given: unknown): void => {
      owner = /^[!-~]{1,64}$/.test(String(given)) ? String(given) : undefined;
    };
    // The clock that went further counts: after a sleep the server may have no record any more.
    const isOld = ({ sentAt = [0, 0] }: Sent): boolean =>
      clocks().some((time, index) => time - (sentAt[index] ?? 0) >= window);

    return {
      returning: () => {
        client ??= base64url(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
        const introduction: Introduction = { client, resumes: mayResume, definition };
        const from: ResumeFrame | undefined = mayResume
          ? { owner, sent: lastId(), pushes, places: Object.fromEntries(places) }
          : undefined;
        let token = base64url(JSON.stringify({ ...introduction, from }));
        // Too many places for a header: they are the first frame, a round trip later.
        const isTold = token.length <= TOKEN_LIMIT;
        if (!isTold) token = base64url(JSON.stringify(introduction));
        let hello: LineOptions | undefined;
        return {
          token: `${PROTOCOL}.${token}`,
          // Proxies refuse a header of 8 kB: topics that do not fit are gaps, and what is left of one is unknown.
          lastEventId: [...places]
            .map((pair) => pair.join(','))
            .join(' ')
            .slice(-7e3),
          greet: (header, payload, say) => {
            // The server says in a second frame whether the client is resumed.
            if (hello) return header[0] === '@' ? { ...hello, ...jsonOf(payload) } : undefined;
            hello = header[0] === '!' ? jsonOf(payload) : undefined;
            if (!hello) return false;
            if (!from || windowOf(hello) === 0) return hello;
            if (!isTold) say('@', JSON.stringify(from));
            return undefined;
          },
        };
      },
      opened: (options) => {
        window = windowOf(options);
        mayResume = window > 0;
        // What an earlier line was told is not true of this one.
        learnOwner(options.owner ?? '');
        if (options.resumed !== true) {
          places.clear();
          pushes = numberIn(options.pushes) ?? 0;
        } else if (cut) miss();
        cut = false;
        stop();
        return (outgoing) => !outgoing.isOfLine && isOld(outgoing);
      },
      heard: (header, payload) => {
        if (header[0] === '@') {
          learnOwner(jsonOf(payload)?.owner);
          return;
        }
        const [id, code] = header.split(';');
        if (code === FORGOTTEN) giveUp((one) => id === `-${one.id}`);
        const [, name, value = ''] = /;(place|push|gap)=([^;]*)/.exec(header) ?? [];
        if (name === 'push') pushes = numberIn(value) ?? pushes;
        else if (name === 'place') {
          const [, topic = '', place] = PLACE.exec(value) ?? [];
          places.delete(topic);
          if (place) places.set(topic, place);
          if (places.size > PLACES_LIMIT) places.delete(places.keys().next().value as string);
        } else if (name === 'gap') miss();
      },
      done: () => {
        const [next = lastId() + 1] = sent.keys();
        const done = next - 1;
        if (!mayResume || done - told < TOGETHER) return '';
        told = done;
        return `;done=${done}`;
      },
      closed: (code, unsent) => {
        cut ||= unsent;
        giveUp((outgoing) => {
          cut ||= outgoing.isOfLine;
          // It may be the reason: it is not sent a third time.
          const isSuspect = code === 1011 && outgoing.isSuspect;
          if (code === 1011) outgoing.isSuspect = true;
          return isSuspect || outgoing.isOfLine || outgoing.isNow || isOld(outgoing);
        });
        if (sent.size > 0) expiry ??= setTimeout(giveUp, window);
        else stop();
      },
    };
  };
}
