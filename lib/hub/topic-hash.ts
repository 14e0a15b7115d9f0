/** What clients see of topics: a hash in place of the name, and an opaque place. */
import { hash } from 'node:crypto';
import { type Place } from './backplane.ts';

/** How many hashes are remembered. */
const REMEMBERED = 10_000;

const hashes = new Map<string, string>();

/** The hash of a topic: 16 characters of base64url. The name itself may be confidential. */
export function topicHash(topic: string): string {
  const known = hashes.get(topic);
  if (known !== undefined) return known;
  if (hashes.size >= REMEMBERED) hashes.clear();
  const short = hash('sha256', topic, 'base64url').slice(0, 16);
  hashes.set(topic, short);
  return short;
}

/** What fits into the header of a frame: PROTOCOL.md has its bounds. */
const TELLABLE = /^[\x21-\x3a\x3c-\x7e]{1,180}$/;

/**
 * A place as it is sent to clients.
 * @returns empty for a place that cannot be sent: then the topic has no places, and is never resumed
 */
export function placeOf(topic: string, place: Place): string {
  return TELLABLE.test(place) ? `${topicHash(topic)},${place}` : '';
}
