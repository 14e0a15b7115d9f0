/** Requests that offer another protocol and are served as HTTP. */
import { type IncomingMessage, type Server } from 'node:http';
import { type Duplex } from 'node:stream';

/** Headers of the offer to change to HTTP/2, which is declined. Source: RFC 9113 section 3.1. */
const OF_UPGRADE: ReadonlySet<string> = new Set(['upgrade', 'http2-settings']);

/** A server of Node 22.21, 24.9 and later: it asks which upgrades to accept. */
interface AskingServer {
  shouldUpgradeCallback?: ((request: IncomingMessage) => boolean) | undefined;
}

/**
 * Has Node itself serve the requests whose `Upgrade` is declined (curl and the JDK's client offer `h2c`
 * with every first request), where it asks. Elsewhere they come as an upgrade, and
 * {@link resumeAsRequest} has them served.
 *
 * Source: RFC 9110 section 7.8: a server may ignore it.
 */
export function declineUpgrades(
  server: Server,
  isDeclined: (request: IncomingMessage) => boolean,
): void {
  const asking = server as AskingServer;
  const own = asking.shouldUpgradeCallback;
  if (own === undefined) return;
  asking.shouldUpgradeCallback = (request) => {
    if (!own.call(server, request)) return false;
    if (!isDeclined(request)) return true;
    forgetOffer(request);
    return false;
  };
}

/**
 * Has a server serve a request whose `Upgrade` it declines, where Node has not asked, and has stopped parsing
 * the connection after the headers of such a request: they are given to it once more, without the
 * offer. From version 26 on it could not be done: there Node has begun to read the body.
 */
export function resumeAsRequest(
  server: Server,
  request: IncomingMessage,
  stream: Duplex,
  head: Buffer,
): void {
  const { method = 'GET', url = '/', httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  const kept = withoutOffer(rawHeaders);
  for (let at = 0; at < kept.length; at += 2) lines.push(`${kept[at]}: ${kept[at + 1]}`);
  const text = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  stream.unshift(Buffer.concat([text, head]));
  // The documented way to inject a connection; a secure server takes those that are decrypted.
  server.emit('encrypted' in stream ? 'secureConnection' : 'connection', stream);
}

/** Takes the offer out of a request: what proxies it must not repeat it. */
function forgetOffer(request: IncomingMessage): void {
  const { headers } = request;
  request.rawHeaders = withoutOffer(request.rawHeaders);
  for (const name of OF_UPGRADE) delete headers[name];
  const connection = withoutUpgrade(headers.connection ?? '');
  if (connection === '') delete headers.connection;
  else headers.connection = connection;
}

/** Names and values in turns, as Node gives them. */
function withoutOffer(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const value = rawHeaders[at + 1] ?? '';
    const lowerCase = name.toLowerCase();
    if (OF_UPGRADE.has(lowerCase)) continue;
    const own = lowerCase === 'connection' ? withoutUpgrade(value) : value;
    if (own !== '' || value === '') kept.push(name, own);
  }
  return kept;
}

function withoutUpgrade(connection: string): string {
  return connection
    .split(',')
    .map((option) => option.trim())
    .filter((option) => !OF_UPGRADE.has(option.toLowerCase()))
    .join(', ');
}
