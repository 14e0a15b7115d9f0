import { request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { deferred } from './deferred.ts';
import { serve } from './serve.ts';

/** A request as a real server gets it, with the response that it gives it. */
export interface Received {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What the client gets, when there is an answer. */
  readonly answer: Promise<IncomingMessage>;
}

/** Sends a GET to a server of its own that leaves it unanswered. */
export async function received(headers: Record<string, string> = {}): Promise<Received> {
  const arrived = deferred<Omit<Received, 'answer'>>();
  const url = await serve((request, response) => arrived.resolve({ request, response }));
  const answered = deferred<IncomingMessage>();
  const client = send(url, { headers }, answered.resolve);
  client.on('error', () => {});
  onTestFinished(() => void client.destroy());
  client.end();
  return { ...(await arrived.promise), answer: answered.promise };
}
