/**
 * The GET that asks a WebSocket route why a handshake was refused, which browsers hide from a page.
 * It is answered as the handshake would be: the middlewares before the route have run, then come the
 * checks of the gate.
 */
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { PROTOCOL } from '../core/protocol.ts';
import { answerOrCut } from '../request/answer-or-cut.ts';
import { namesProblems, problemOf, type Refusal } from '../request/problem.ts';
import { type Gate } from './gate.ts';

/** What the route is, to a client that passes the checks. Source: RFC 9110 section 15.5.22. */
const upgradeRequired: Refusal = {
  status: 426,
  code: 'websocket',
  headers: { upgrade: 'websocket', connection: 'upgrade' },
};

const gates = new WeakMap<object, Gate>();

/** Has the routes of a server answer by its gate. */
export function answerBy(server: object, gate: Gate): void {
  gates.set(server, gate);
}

/**
 * Answers a request that asks.
 * @returns false when it does not ask, or its server was not attached: it goes on
 */
export function answerQuestion(request: IncomingMessage, response: ServerResponse): boolean {
  const { accept } = request.headers;
  if (accept === undefined || request.method !== 'GET' || !namesProblems(accept)) return false;
  const { server } = request.socket as { server?: object };
  const gate = server === undefined ? undefined : gates.get(server);
  if (gate === undefined) return false;
  // A Router has cut it; `authorize` gets what it gets at a handshake.
  const routed = request as { url?: string | undefined; originalUrl?: string };
  routed.url = routed.originalUrl ?? routed.url;
  const refusal = gate.refusalOf(request);
  if (refusal !== undefined) {
    answer(request, response, refusal, refusal.code !== 'origin');
    return true;
  }
  const passage = {
    pass: () => answer(request, response, upgradeRequired, true),
    refuse: (why: Refusal) => answer(request, response, why, true),
  };
  gate.ask(request, passage, false);
  return true;
}

function answer(
  { headers: { origin } }: IncomingMessage,
  response: ServerResponse,
  refusal: Refusal,
  isReadable: boolean,
): void {
  if (response.headersSent || response.destroyed) return;
  const { status, headers } = refusal;
  const seconds = headers?.['retry-after'];
  const members = {
    omnimessage: 'websocket',
    ...(status === 426 && { subprotocols: [PROTOCOL] }),
    ...(seconds !== undefined && { retryAfter: Number(seconds) }),
  };
  const problem = problemOf({ ...refusal, members });
  answerOrCut(response, () => {
    response.statusCode = status;
    for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value);
    response.setHeader('vary', 'origin, accept');
    // guard: the answer to a question is not for foreign pages → const reader = origin; void isReadable;
    const reader = isReadable ? origin : undefined;
    if (reader !== undefined) {
      response.setHeader('access-control-allow-origin', reader);
      response.setHeader('access-control-allow-credentials', 'true');
    }
    response.end(problem.body);
  });
}
