/**
 * A client in a process of its own: it can be stopped like a laptop that is closed (`freeze`), or
 * flood a server without slowing down who measures (`flood`): so many at once, with frames of one
 * kind, each of which comes back when it was cut.
 *
 *     node --import tsx spec/drills/client.ts flood ws://127.0.0.1:3000/busy messages 20
 */
import { frame } from './wire.ts';
import { RawPeer } from './raw-peer.ts';

const LETTERS = `{"text":"${'x'.repeat(49)}"}`;

/** What a flood consists of. */
const FLOODS: Readonly<Record<string, Buffer>> = {
  messages: frame('{"text":"flood"}'),
  // One message in 60 of them.
  fragments: Buffer.concat(
    Array.from(LETTERS, (letter, at) =>
      frame(letter, { opcode: at === 0 ? 1 : 0, fin: at === LETTERS.length - 1 }),
    ),
  ),
  pings: frame('', { opcode: 9 }),
  pongs: frame('', { opcode: 10 }),
  // Never as many in a row as close the connection.
  undecodable: Buffer.concat([
    ...Array.from({ length: 18 }, () => frame('{')),
    frame('{"text":"a"}'),
  ]),
};

const [what, url = '', kind = 'messages', count = '1'] = process.argv.slice(2);

async function flood(peer: RawPeer): Promise<void> {
  peer.socket.resume();
  const one = FLOODS[kind] as Buffer;
  // As much as one read of the server takes.
  const many = Buffer.concat(Array.from({ length: Math.ceil(65_536 / one.length) }, () => one));
  while (!peer.socket.destroyed) {
    peer.write(many);
    await peer.flushed();
    await new Promise(setImmediate);
  }
}

/** A client that is cut comes back. */
async function again(first: RawPeer): Promise<void> {
  let peer = first;
  for (;;) {
    await flood(peer);
    const next = new RawPeer(url);
    if ((await next.status) === 101) peer = next;
  }
}

const peers = await Promise.all(Array.from({ length: Number(count) }, () => RawPeer.open(url)));
const [peer] = peers;
if (peers.length === 1) {
  peer?.socket.on('close', () => {
    process.exit();
  });
}
process.send?.('open');
if (what === 'flood') await Promise.all(peers.map(again));
