/**
 * A client in a process of its own: it can be stopped like a laptop that is closed (`freeze`), or
 * flood a server without slowing down who measures (`flood`).
 *
 *     node --import tsx spec/drills/client.ts flood ws://127.0.0.1:3000/busy
 */
import { frame } from './wire.ts';
import { RawPeer } from './raw-peer.ts';

const [what, url = ''] = process.argv.slice(2);
const peer = await RawPeer.open(url);
peer.socket.on('close', () => {
  process.exit();
});
process.send?.('open');
if (what === 'flood') {
  peer.socket.resume();
  const many = Buffer.concat(Array.from({ length: 500 }, () => frame('{"text":"flood"}')));
  for (;;) {
    peer.write(many);
    await peer.flushed();
    await new Promise(setImmediate);
  }
}
