/** Which node of a cluster has which slot. */
import { type Connection } from './connection.ts';

const SLOTS = 16_384;

/** The table of CRC16 (XMODEM), by which Redis Cluster finds the slot of a key. */
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0);
  return crc;
});

/**
 * The slot of a key: that of what stands between its first braces, or of all of it.
 *
 * Source: the Redis Cluster specification, section "Hash tags".
 */
export function slotOf(key: string): number {
  const open = key.indexOf('{');
  const close = open < 0 ? -1 : key.indexOf('}', open + 1);
  const tag = close > open + 1 ? key.slice(open + 1, close) : key;
  let crc = 0;
  for (const byte of Buffer.from(tag))
    crc = ((crc << 8) ^ (TABLE[(crc >> 8) ^ byte] ?? 0)) & 0xffff;
  return crc % SLOTS;
}

/** Where a node is: `host:port`. */
export type Address = string;

/** The master of each slot; undefined where none has it. */
export type Topology = readonly (Address | undefined)[];

/** Asks one node. @param host - where we found it: a node may not know its own address */
export async function topologyOf(connection: Connection, host: string): Promise<Topology> {
  const reply = await connection.command(['CLUSTER', 'SLOTS']);
  const topology: (Address | undefined)[] = Array.from({ length: SLOTS });
  for (const range of Array.isArray(reply) ? (reply as unknown[]) : []) {
    const [first, last, master] = range as [number, number, [unknown, number]];
    const known = Buffer.isBuffer(master[0]) ? master[0].toString() : '';
    topology.fill(`${known === '' ? host : known}:${master[1]}`, first, last + 1);
  }
  if (!topology.some((address) => address !== undefined)) {
    throw new Error('no node of the cluster has slots');
  }
  return topology;
}

/** The two parts of an address; the host may be one of IPv6. */
export function partsOf(address: Address): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}
