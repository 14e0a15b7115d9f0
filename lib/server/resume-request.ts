/** Requests that offer another protocol and are served as HTTP. */
import { type IncomingMessage, type Server } from 'node:http';
import { type Duplex } from 'node:stream';

/** Headers of the offer to change to HTTP/2, which is declined. Source: RFC 9113 section 3.1. */
const OF_UPGRADE: ReadonlySet<string> = new Set(['upgrade', 'http2-settings']);

/**
 * Has a server serve a request whose `Upgrade` it declines (curl and the JDK's client offer `h2c`
 * with every first request). Node has stopped parsing the connection after the headers of such a
 * request, so they are given to it once more, without the offer.
 *
 * Source: RFC 9110 section 7.8: a server may ignore it.
 */
export function resumeAsRequest(
  server: Server,
  request: IncomingMessage,
  stream: Duplex,
  head: Buffer,
): void {
  const { method = 'GET', url = '/', httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const value = rawHeaders[at + 1] ?? '';
    const lowerCase = name.toLowerCase();
    if (OF_UPGRADE.has(lowerCase)) continue;
    const kept = lowerCase === 'connection' ? withoutUpgrade(value) : value;
    if (kept !== '' || value === '') lines.push(`${name}: ${kept}`);
  }
  const text = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  stream.unshift(Buffer.concat([text, head]));
  // The documented way to inject a connection; a secure server takes those that are decrypted.
  server.emit('encrypted' in stream ? 'secureConnection' : 'connection', stream);
}

function withoutUpgrade(connection: string): string {
  return connection
    .split(',')
    .map((option) => option.trim())
    .filter((option) => !OF_UPGRADE.has(option.toLowerCase()))
    .join(', ');
}
