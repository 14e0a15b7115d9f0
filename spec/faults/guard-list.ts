/** The guards of the library: the text that makes each, what stands there without it, and who must notice. */

/** One guard. */
export interface Guard {
  readonly name: string;
  readonly file: string;
  /** Each text, which is there exactly once, and what stands in its place without the guard. */
  readonly edits: readonly (readonly [from: string, to: string])[];
  readonly spec: string;
  /** The name of the tests that must fail; a part of it, or a pattern. */
  readonly test: string;
}

/** Those of a file that fail in the same spec. */
function of(
  file: string,
  spec: string,
  list: readonly (readonly [
    name: string,
    test: string,
    ...edits: (readonly [from: string, to: string])[],
  ])[],
): Guard[] {
  return list.map(([name, test, ...edits]) => ({ name, file, edits, spec, test }));
}

const upgrade = of('lib/server/attach.ts', 'spec/faults/attach.spec.ts', [
  ['payload limit of the server', 'W42 a header of 100 MiB', ['maxPayload: settings.limit,', '']],
  ['fragment limit of the server', 'W44', ['maxFragments: settings.maxFragments,', '']],
  ['no compression', 'W45 a client', ['perMessageDeflate: false', 'perMessageDeflate: true']],
  ['no subprotocol', 'W53', ['handleProtocols: () => false,', '']],
  [
    "ws does not repeat the server's errors",
    'W10',
    ['expressWs(app, new EventEmitter() as Server, {', 'expressWs(app, server, {'],
  ],
  ['early frames wait', 'W20', ['    stream.pause();\n', '']],
  [
    'authorize is asked',
    'W35 authorize throws',
    ['else if (authorize === undefined) accept', 'else if (authorize !== null) accept'],
  ],
  ['origin before the upgrade', 'W51', ['if (!isOwnOrigin(request)) return foreignOrigin;', '']],
  [
    'maxConnections',
    'W54',
    ['sockets.clients.size + handshakes < maxConnections', 'sockets.clients.size < Infinity'],
  ],
  ['an unknown path is closed', 'W33', ['      watch.refuse(status);\n    }\n  }', '    }\n  }']],
]);

const attach: readonly Guard[] = [
  ...upgrade,
  ...of('lib/server/attach.ts', 'spec/server/attach.spec.ts', [
    [
      'chunk limit of the server',
      'too many pieces',
      ['maxBufferedChunks: settings.maxBufferedChunks,', ''],
    ],
    [
      'maxConnections counts the undecided',
      'authorize has not decided',
      ['sockets.clients.size + handshakes <', 'sockets.clients.size <'],
    ],
  ]),
  ...of('lib/server/attach.ts', 'spec/server/handshake.spec.ts', [
    [
      'error listener of the connection',
      'survives clients that reset',
      ["    stream.on('error', ignoreError);\n", ''],
    ],
  ]),
  ...of('lib/server/attach.ts', 'spec/server/shutdown.spec.ts', [
    [
      'no upgrade during a shutdown',
      'answers 503',
      ['    if (shutdown.isRunning) return shuttingDown;\n', ''],
    ],
  ]),
  ...of('lib/server/handshake.ts', 'spec/faults/attach.spec.ts', [
    ['authorize that says false', 'says false', ['answer === false', 'answer === null']],
    [
      'authorize that never decides',
      'never decides',
      ['timer = startTimer(giveUp, limit, resolve);', 'void giveUp; void resolve;'],
    ],
  ]),
  ...of('lib/server/waiting-socket.ts', 'spec/faults/attach.spec.ts', [
    ['error listener of every socket', 'W6', ["    socket.on('error', ignoreError);\n", '']],
    ['openTimeout', 'W34', ['startTimer(giveUp, openTimeout, this)', 'undefined']],
    ['running handlers reply before 1001', 'W31', ['await this.#claimant?.shutDown();', '']],
    [
      'a status of a middleware is a close code',
      'W35 a middleware',
      ['      return CloseCode.Unauthorized;', '      return CloseCode.Failed;'],
    ],
  ]),
  ...of('lib/server/ws-method.ts', 'spec/faults/attach.spec.ts', [
    ['a route that rejects', 'W3', ['.then(finish, fail)', '.then(finish)']],
    ['a route that throws', 'W3|W4', ['watch.fail(error);', '']],
  ]),
  ...of('lib/server/shutdown.ts', 'spec/faults/attach.spec.ts', [
    [
      'the timeout of a shutdown',
      'W31',
      [
        'startTimer(cut, timeout, this.#connections)',
        'startTimer(cut, Infinity, this.#connections)',
      ],
    ],
  ]),
  ...of('lib/server/shutdown.ts', 'spec/faults/http.spec.ts', [
    ['503 during a shutdown', 'H27', ["    this.#server.on('request', refuse);\n", '']],
  ]),
];

const closing: readonly Guard[] = [
  ...of('lib/websocket/close.ts', 'spec/faults/crashes.spec.ts', [
    [
      'reasons are cut',
      'W11 a reason of',
      ['socket.close(code, cutReason(reason));', 'socket.close(code, reason);'],
    ],
    [
      'codes that may be sent',
      'W11 the code .* nobody',
      ['    Number.isInteger(code) &&\n', '    true || Number.isInteger(code) &&\n'],
    ],
  ]),
  ...of('lib/websocket/close.ts', 'spec/faults/gone.spec.ts', [
    [
      'the timer of safeClose',
      'W27',
      ['const CLOSE_TIMEOUT = 5_000;', 'const CLOSE_TIMEOUT = 25_000;'],
    ],
  ]),
  ...of('lib/websocket/listeners.ts', 'spec/faults/gone.spec.ts', [
    [
      'a client that closes and stays is cut',
      'W27 a client that has sent',
      ['  cutLater(this);\n', ''],
    ],
    ['a pong is a sign of life', 'W30', ["  socket.on('pong', onSign);\n", '']],
  ]),
  ...of('lib/websocket/listeners.ts', 'spec/faults/crashes.spec.ts', [
    ['error listener of a connection', 'W5', ["  socket.on('error', onError);\n", '']],
  ]),
  ...of('lib/websocket/listeners.ts', 'spec/websocket/handler.spec.ts', [
    [
      'replies leave before the close',
      'leaves before the close',
      ['  (this as Listened)[listener].flush();\n', ''],
    ],
  ]),
];

const connection: readonly Guard[] = [
  ...of('lib/connection/connection.ts', 'spec/faults/gone.spec.ts', [
    ['heartbeat', 'W25', ["if (isStuck || verdict === 'gone') this", 'if (isStuck) this']],
    [
      'heartbeat of a client that takes nothing',
      'W28 a frozen client of which',
      ["if (isStuck || verdict === 'gone') this", "if (verdict === 'gone') this"],
    ],
    [
      'heartbeat exemption while we pause',
      'W30',
      ['this.#reception.isPaused ? liveness.beatWhilePaused() : liveness.beat', 'liveness.beat'],
    ],
  ]),
  ...of('lib/connection/connection.ts', 'spec/faults/limits.spec.ts', [
    [
      'maxBuffered',
      'W40',
      ['if (buffered > maxBuffered) {', 'if (this.#outbox.buffered === -1) {'],
    ],
    [
      'expiry while it is open',
      'credentials that expire',
      [
        '    if (this.#expires !== undefined && Date.now() >= this.#expires) {\n      this.refuse(CloseCode.Unauthorized);\n      return;\n    }\n    const liveness',
        '    const liveness',
      ],
    ],
  ]),
  ...of('lib/connection/backpressure.ts', 'spec/faults/limits.spec.ts', [
    ['highWaterMark', 'W41 a flood', ['    this.#held.hold();\n', '']],
  ]),
  ...of('lib/connection/admission.ts', 'spec/faults/limits.spec.ts', [
    [
      'origin of a server that was not attached',
      'W51',
      ['!isAllowed(entrant.request)', 'isAllowed === undefined'],
    ],
  ]),
  ...of('lib/connection/connection.ts', 'spec/faults/messages.spec.ts', [
    ['nothing is handled after the end', 'W23', ['    this.#reception.end();\n', '']],
    [
      'signal aborts at the end',
      'W23',
      ['    this.#reception.end();\n    this.#abort?.abort();\n', '    this.#reception.end();\n'],
    ],
  ]),
  ...of('lib/connection/admission.ts', 'spec/faults/messages.spec.ts', [
    [
      'contextTimeout',
      'W24 a context',
      [
        "    entrant.fail(new TimeoutError('context-timeout', contextTimeout), CloseCode.Timeout);\n",
        '',
      ],
    ],
    [
      'gone while the context was asked for',
      'W22',
      ['  if (!entrant.isOpening) return;\n  entrant.know', '  entrant.know'],
    ],
  ]),
  ...of('lib/connection/admission.ts', 'spec/faults/crashes.spec.ts', [
    [
      'nobody is let in for ever by mistake',
      'expires gives no date',
      ['if (!Number.isNaN(time)) return time;', 'return time;'],
    ],
  ]),
  ...of('lib/connection/session.ts', 'spec/faults/crashes.spec.ts', [
    [
      'onClose is guarded',
      'onClose',
      ['    if (isPromise(ending)) ending.then(undefined, failed);\n', ''],
    ],
  ]),
  ...of('lib/websocket/ws-internals.ts', 'spec/faults/limits.spec.ts', [
    ['payload limit of a route', 'W42', ["  lower(receiver, '_maxPayload', limit);\n", '']],
    ['fragment limit of a route', 'W44', ["  lower(receiver, '_maxFragments', 64);\n", '']],
  ]),
  ...of('lib/websocket/ws-internals.ts', 'spec/websocket/ws-internals.spec.ts', [
    [
      'chunk limit of a route',
      'limits that we lower',
      ["  lower(receiver, '_maxBufferedChunks', 1_024);\n", ''],
    ],
  ]),
];

const reception: readonly Guard[] = [
  ...of('lib/connection/receiving.ts', 'spec/faults/limits.spec.ts', [
    [
      'limit where ws has none',
      'inside of ws',
      ['isLarger(data, this.#settings.limit)', 'isLarger(data, Infinity)'],
    ],
    [
      'rate limit',
      'rate limit',
      ['if (this.#bucket !== undefined && !this.#bucket.take()) {', 'if (this.#bucket === null) {'],
    ],
    [
      '20 undecodable in a row',
      'W55',
      ['const isLast = this.#undecodable >= MAX_UNDECODABLE;', 'const isLast = false;'],
    ],
    ['a good one resets the count', 'W55', ['    this.#undecodable = 0;\n', '']],
    [
      'a binary frame is no text',
      'W52',
      ['      const text = textOf(data, isBinary);', '      const text = textOf(data, false);'],
    ],
  ]),
  ...of('lib/connection/receiving.ts', 'spec/faults/messages.spec.ts', [
    [
      'one message at a time',
      'W21',
      ['    this.#isBusy = true;\n    this.#timer', '    this.#timer'],
    ],
    [
      'handlerTimeout of a connection',
      'W24 a handler',
      ['  connection.abandon();\n  connection.fail(', '  void ('],
    ],
    [
      'signal aborts at handlerTimeout',
      'W24 a handler that never resolves: ',
      ['  connection.abandon();\n', ''],
    ],
  ]),
  ...of('lib/connection/inbox.ts', 'spec/faults/limits.spec.ts', [
    ['pause by number', 'W48', ['this.length > MAX_MESSAGES ||', '']],
    ['pause by bytes', 'W48', ['|| this.#bytes > MAX_BYTES', '']],
  ]),
  ...of('lib/process/fairness.ts', 'spec/faults/limits.spec.ts', [
    ['fairness by number', 'W47', ['MESSAGES_PER_TURN = 16;', 'MESSAGES_PER_TURN = 1e9;']],
    ['fairness by time', 'W47', ['MILLISECONDS_PER_TURN = 8;', 'MILLISECONDS_PER_TURN = 1e9;']],
  ]),
  ...of('lib/websocket/outbox.ts', 'spec/websocket/handler.spec.ts', [
    [
      '256 bytes for each frame that waits',
      'counts many small',
      ['const FRAME_OVERHEAD = 256;', 'const FRAME_OVERHEAD = 0;'],
    ],
  ]),
  ...of('lib/application/program.ts', 'spec/faults/json.spec.ts', [
    [
      'fairness of programs',
      'W50',
      ['      if (!this.#share.take()) {', '      if (this.#share === null) {'],
    ],
    ['runaways are told of', 'W50', ['if (this.#made % RUNAWAY === 0)', 'if (this.#made < 0)']],
    [
      'update is guarded',
      'W9',
      [
        "      this.#end(new ApplicationError('update', { cause, incoming: message }));\n",
        '      throw cause;\n',
      ],
    ],
  ]),
  ...of('lib/application/program.ts', 'spec/application/application.spec.ts', [
    ['effects end with their program', 'the end', ['    this.#effects?.end();\n', '']],
  ]),
];

const pipe: readonly Guard[] = [
  ...of('lib/core/pipe.ts', 'spec/faults/crashes.spec.ts', [
    [
      'decode is total',
      'W7',
      [
        'throw cause instanceof DecodeError ? cause : new DecodeError(undefined, { cause });',
        'throw cause;',
      ],
    ],
    [
      'handlers are guarded',
      'W1',
      [
        '    return recover(new HandlerError({ cause, incoming }), options, exchange);\n  }\n  if (isPromise(reply)) return',
        '    throw cause;\n  }\n  if (isPromise(reply)) return',
      ],
    ],
    [
      'handlers that reject',
      'W2',
      [
        '    reply = await pending;\n  } catch (cause) {\n    return recover(new HandlerError({ cause, incoming }), options, exchange);',
        '    reply = await pending;\n  } catch (cause) {\n    throw cause;',
      ],
    ],
    [
      'only text goes out',
      'W12',
      ['if (sendable) return encoded;', 'if (sendable || true) return encoded;'],
    ],
    [
      'onError that throws when it is told',
      'onError throws when',
      [
        "  } catch {\n    // A second fault inside onError is nobody's",
        "  } finally {\n    // A second fault inside onError is nobody's",
      ],
    ],
  ]),
  ...of('lib/core/pipe.ts', 'spec/core/pipe.spec.ts', [
    [
      'onError that throws when it is asked',
      'onError',
      [
        '  } catch {\n    // The failure itself',
        '  } catch (fault) {\n    throw fault;\n    // The failure itself',
      ],
    ],
  ]),
  ...of('lib/codecs/json.ts', 'spec/faults/json.spec.ts', [
    [
      'depth limit',
      'J1 ',
      ['if (text.length >= SHORTEST_TOO_DEEP && isTooDeep(text)) throw tooDeep();', ''],
    ],
    [
      'prototype keys',
      'J7',
      ["if (text.includes('proto') || text.includes('\\\\u00')) refuseHostileKeys(value);", ''],
    ],
    ['prototype keys spelt with escapes', 'J7', [" || text.includes('\\\\u00')", '']],
    [
      'prototype in constructor',
      'J7',
      [
        "if (constructor != null && Object.hasOwn(constructor, 'prototype')) {",
        'if (constructor === null) {',
      ],
    ],
  ]),
  ...of('lib/codecs/struct-codec.ts', 'spec/faults/json.spec.ts', [
    [
      'superstruct that throws',
      'W8',
      [
        'throw cause instanceof DecodeError ? cause : new DecodeError(undefined, { cause });',
        'throw cause;',
      ],
    ],
  ]),
  ...of('lib/core/errors.ts', 'spec/core/pipe.spec.ts', [
    ['an error text of 200 characters', '200 characters', ['.slice(0, TEXT_LIMIT)', '']],
  ]),
  ...of('lib/request/origins.ts', 'spec/request/origins.spec.ts', [
    ['a Host that would mean another in a URL', '', [' || !HOST.test(host)', '']],
    ['a promise is no verdict', '', ['return verdict === true;', 'return Boolean(verdict);']],
  ]),
];

const http: readonly Guard[] = [
  ...of('lib/http/route.ts', 'spec/faults/http.spec.ts', [
    [
      'origin before the body',
      'H20',
      ["      if (!settings.isAllowed(request)) throw new Problem('origin');\n", ''],
    ],
    [
      'a refused body that is too large ends the connection',
      'H20 a foreign page sends',
      [
        'sendProblem(response, fault, mayBeLarger(request, settings.limit));',
        'sendProblem(response, fault, false);',
      ],
    ],
  ]),
  ...of('lib/http/body.ts', 'spec/faults/http.spec.ts', [
    [
      'body limit, declared',
      'H9',
      [
        "  if (Number(headers['content-length'] ?? 0) > limit) throw new Problem('too-large');\n",
        '',
      ],
    ],
    [
      'body limit, chunked',
      'H10',
      ['getRawBody(request, { limit }, read)', 'getRawBody(request, {}, read)'],
    ],
    [
      'bodyTimeout of a chunked body',
      'H8 a chunked',
      ["      done(new Problem('body-timeout'));\n", ''],
    ],
    ['no compression in a body', 'H14|H15', ["    throw new Problem('encoding');\n", '']],
    [
      'utf-8 alone',
      'H16',
      [
        "if (!isBinary && type !== undefined && !isUtf8Charset(type)) throw new Problem('charset');",
        '',
      ],
    ],
    [
      'nothing is altered silently',
      'H17',
      ["  if (!isUtf8(body)) throw new Problem('utf8');\n", ''],
    ],
    ['an empty body', 'H2', ["  if (body.length === 0) throw new Problem('empty');\n", '']],
    [
      'a stream that was read',
      'H4|H5',
      [
        'if (request.readableDidRead || request.readableEnded) {',
        'if (request.method === undefined) {',
      ],
    ],
  ]),
  ...of('lib/http/declared-body.ts', 'spec/faults/http.spec.ts', [
    ['bodyTimeout', 'H8 a body', ["        body.#settle(new Problem('body-timeout'));\n", '']],
  ]),
  ...of('lib/http/declared-body.ts', 'spec/http/route.spec.ts', [
    [
      'a stream that was made text of',
      'earlier middleware makes text',
      ['      this.#settle(new BodyConsumedError());\n      return;\n', ''],
    ],
    [
      'the asynchronous context of a request',
      'asynchronous context of its request',
      [
        'this.runInAsyncScope(this.#done, undefined, undefined, body)',
        'this.#done(undefined, body)',
      ],
    ],
  ]),
  ...of('lib/http/exchange.ts', 'spec/faults/http.spec.ts', [
    ['handlerTimeout of HTTP', 'H22', ['        exchange.#timeOut();\n', '']],
    [
      'signal aborts at handlerTimeout',
      'H22',
      [
        '    this.#isLate = true;\n    this.#timer = undefined;\n    this.#abort?.abort();\n',
        '    this.#timer = undefined;\n    this.recover(new TimeoutError("handler-timeout", 1), problem);\n    return;\n',
      ],
    ],
    [
      'one answer to a request',
      'H22',
      ['    if (this.#isOver) return false;\n', ''],
      ['!this.#response.destroyed && !this.#response.headersSent', 'true'],
    ],
    [
      'signal aborts when the client is gone',
      'H23',
      ['          if (!response.writableFinished) abort.abort();\n', ''],
    ],
    [
      'nosniff and no-store of a reply',
      'H21',
      ["    response.setHeader('x-content-type-options', 'nosniff');\n", ''],
    ],
  ]),
  ...of('lib/request/problem.ts', 'spec/faults/http.spec.ts', [
    [
      'the connection ends where a body is not read',
      'H9|H10',
      ["  if (endsConnection) response.setHeader('connection', 'close');\n", ''],
    ],
  ]),
];

/** All of them. */
export const guards: readonly Guard[] = [
  ...attach,
  ...closing,
  ...connection,
  ...reception,
  ...pipe,
  ...http,
];
