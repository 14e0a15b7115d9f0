import { once } from 'node:events';
import { type Socket } from 'node:net';
import diagnosticsChannel from 'node:diagnostics_channel';
import {
  application,
  type Application,
  ApplicationError,
  DecodeError,
  type Dispatch,
  type Effect,
  effect,
  type Codec,
  type OmniError,
  omniWsApplication,
  type OmniWsApplicationOptions,
  type Step,
  structCodec,
  tupleVariants,
} from 'express-omnimessage';
import { any, type Infer, literal, string } from 'superstruct';
import { describe, expect, expectTypeOf, it, onTestFinished, vi } from 'vitest';
import { nextTurn } from '../support/clock.ts';
import { deferred } from '../support/deferred.ts';
import { connect, dial } from '../support/socket-client.ts';
import { stacks } from '../support/stacks.ts';

/** `ask …` comes from the client, `tell …` goes to it, `bad` cannot be encoded, the rest is private. */
const codec: Codec<string, string> = {
  decode: (encoded) => {
    if (!encoded.startsWith('ask ')) throw new DecodeError('expected a question');
    return encoded;
  },
  encode: (message) => {
    if (message === 'bad') throw boom;
    return message.startsWith('tell ') ? message : undefined;
  },
};

const boom = new Error('boom');

const say = (...messages: string[]): Effect<string> =>
  effect.from((dispatch) => {
    for (const message of messages) dispatch(message);
  });

/** A program whose model is all that it has heard, and that answers as it is told. */
function program(
  answer: (message: string, model: readonly string[]) => Effect<string> = () => effect.none(),
  first: Effect<string> = effect.none(),
): Application<unknown, readonly string[], string> {
  return application({
    init: () => [[], first],
    update: (model, message): Step<readonly string[], string> => [
      [...model, message],
      answer(message, model),
    ],
    codec,
  });
}

const echoing = program((message) =>
  message.startsWith('ask ') ? say(message.replace('ask', 'tell')) : effect.none(),
);

type Options<Context = undefined> = OmniWsApplicationOptions<
  unknown,
  readonly string[],
  string,
  Context
>;

const [[, firstStack]] = stacks as [(typeof stacks)[number]];

/** Serves a program on the first of the stacks, and gives the address. */
function serve<Context = undefined>(options: Partial<Options<Context>> = {}): Promise<string> {
  return firstStack(
    omniWsApplication<unknown, readonly string[], string, Context>({
      application: echoing,
      start: () => undefined,
      ...options,
    }),
  );
}

/** Somebody else in the process, who tells whoever listens. */
class Radio {
  readonly #listeners = new Set<Dispatch<string>>();

  readonly listen: Effect<string> = effect.from((dispatch) => {
    this.#listeners.add(dispatch);
    return () => this.#listeners.delete(dispatch);
  });

  get listeners(): number {
    return this.#listeners.size;
  }

  say(message: string): void {
    for (const tell of this.#listeners) tell(message);
  }
}

describe.each(stacks)('omniWsApplication on %s', (_, stack) => {
  it('hands each frame to update, and sends every message that encodes', async () => {
    const url = await stack(
      omniWsApplication({
        start: () => undefined,
        application: program((message) =>
          message === 'ask one'
            ? say('private', 'tell 1', 'also private', 'tell 2')
            : effect.none(),
        ),
      }),
    );
    const client = await connect(url);

    client.send('ask nothing');
    client.send('ask one');

    // A program that has had its share answers in a later turn than the ping.
    const told = [await client.next(), await client.next()];
    expect([...told, ...(await client.settled())]).toEqual(['tell 1', 'tell 2']);
  });

  it('lets the server speak first', async () => {
    const url = await stack(
      omniWsApplication({
        start: () => 'Ann',
        application: application<string, null, string>({
          init: (name) => [null, say(`tell welcome, ${name}`)],
          update: (model) => [model, effect.none()],
          codec,
        }),
      }),
    );

    const client = await connect(url);

    expect(await client.next()).toBe('tell welcome, Ann');
  });

  it('runs a program for each connection, and lets the server speak at any time to all', async () => {
    const radio = new Radio();
    const url = await stack(
      omniWsApplication({
        start: () => undefined,
        application: program(
          (message, model) =>
            message === 'ask how many' ? say(`tell ${model.length}`) : effect.none(),
          radio.listen,
        ),
      }),
    );
    const [one, other] = await Promise.all([connect(url), connect(url)]);
    one.send('ask nothing');
    one.send('ask how many');
    other.send('ask how many');

    const counts = [await one.next(), await other.next()];
    radio.say('tell news');

    expect(counts).toEqual(['tell 1', 'tell 0']);
    expect(await one.next()).toBe('tell news');
    expect(await other.next()).toBe('tell news');
  });

  it('ends the program with the connection', async () => {
    const radio = new Radio();
    const ended = deferred<unknown[]>();
    const url = await stack(
      omniWsApplication({
        start: () => undefined,
        application: program(() => effect.none(), radio.listen),
        onClose: (...told) => {
          ended.resolve([...told, radio.listeners]);
        },
      }),
    );
    const client = await connect(url);
    client.send('ask a');
    await client.settled();
    const before = radio.listeners;

    client.socket.close(4000);

    expect(before).toBe(1);
    expect(await ended.promise).toEqual([['ask a'], 4000, 0]);
  });

  it('keeps frames while start is asynchronous, and reads no more than it can keep', async () => {
    const started = deferred<string>();
    const asked = deferred<Socket>();
    const url = await stack(
      omniWsApplication({
        start: ({ socket }) => {
          asked.resolve(socket);
          return started.promise;
        },
        application: echoing,
      }),
    );
    const client = await connect(url);
    for (let count = 1; count <= 100; count += 1) client.send(`ask ${count}`);

    const socket = await asked.promise;
    // It never gets so far unless reading stops.
    while (!socket.isPaused()) await nextTurn();
    started.resolve('args');

    for (let count = 1; count <= 100; count += 1) expect(await client.next()).toBe(`tell ${count}`);
    expect(socket.isPaused()).toBe(false);
  });

  it('closes with 1011 for a failure, after the message of onError', async () => {
    const url = await stack(
      omniWsApplication({
        start: () => undefined,
        application: program(() => {
          throw boom;
        }),
        onError: (error) => `tell ${error.code}`,
      }),
    );
    const client = await connect(url);

    client.send('ask a');

    expect(await client.next()).toBe('tell update');
    expect(await client.closed).toEqual({ code: 1011, reason: 'failed' });
  });
});

describe('start', () => {
  it('gives init its args, from the request and the context', async () => {
    const given: unknown[] = [];
    const url = await firstStack(
      omniWsApplication({
        context: () => Promise.resolve({ user: 'Ann' }),
        start: (request, context) => {
          given.push(request.url, context);
          return context.user;
        },
        application: application<string, null, string>({
          init: (name) => [null, say(`tell ${name}`)],
          update: (model) => [model, effect.none()],
          codec,
        }),
      }),
    );

    const client = await connect(`${url}?room=1`);

    expect(await client.next()).toBe('tell Ann');
    expect(given).toEqual(['/omni?room=1', { user: 'Ann' }]);
  });

  it.each([
    [
      'throws',
      () => {
        throw boom;
      },
    ],
    ['rejects', () => Promise.reject(boom)],
  ])('that %s is told to onError, may be answered, and closes with 1011', async (_, start) => {
    const errors: OmniError[] = [];
    const onClose = vi.fn<() => void>();
    const url = await serve({
      start,
      onClose,
      onError: (error) => {
        errors.push(error);
        return Promise.resolve('tell sorry');
      },
    });
    const client = dial(url);

    expect(await client.next()).toBe('tell sorry');
    expect(await client.closed).toEqual({ code: 1011, reason: 'failed' });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(ApplicationError);
    expect(errors[0]).toMatchObject({ code: 'start', cause: boom });
    expect(onClose).not.toHaveBeenCalled();
  });

  it('that settles after the client has disconnected starts nothing', async () => {
    const started = deferred<unknown>();
    const asked = deferred();
    const gone = deferred();
    const init = vi.fn<() => Step<readonly string[], string>>(() => [[], effect.none()]);
    const onClose = vi.fn<() => void>();
    const onError = vi.fn<() => void>();
    const url = await serve({
      application: { ...echoing, init },
      start: (request) => {
        request.socket.once('close', () => {
          gone.resolve();
        });
        asked.resolve();
        return started.promise;
      },
      onClose,
      onError,
    });
    const client = await connect(url);
    client.send('ask a');
    await asked.promise;

    client.socket.terminate();
    await gone.promise;
    await nextTurn();
    started.resolve('too late');
    await nextTurn();

    expect(init).not.toHaveBeenCalled();
    expect(onClose).not.toHaveBeenCalled();
    expect(onError).not.toHaveBeenCalled();
  });

  it('that takes too long fails, and starts nothing later', async () => {
    const started = deferred<unknown>();
    const errors: OmniError[] = [];
    const init = vi.fn<() => Step<readonly string[], string>>(() => [[], effect.none()]);
    const url = await serve({
      application: { ...echoing, init },
      start: () => started.promise,
      handlerTimeout: 20,
      onError: (error) => {
        errors.push(error);
        // The connection is still there, waiting for this answer, when start comes to its end.
        started.resolve('too late');
        return nextTurn().then(() => 'tell too late');
      },
    });
    const client = dial(url);

    expect(await client.next()).toBe('tell too late');
    expect(await client.closed).toEqual({ code: 1011, reason: 'failed' });
    expect(errors).toEqual([expect.objectContaining({ code: 'handler-timeout' })]);
    expect(init).not.toHaveBeenCalled();
  });
});

describe('a failure', () => {
  it('in init is reported to onError, may be answered, and closes with 1011', async () => {
    const errors: OmniError[] = [];
    const onClose = vi.fn<() => void>();
    const url = await serve({
      application: {
        ...echoing,
        init: () => {
          throw boom;
        },
      },
      onClose,
      onError: (error) => {
        errors.push(error);
        return 'tell sorry';
      },
    });
    const client = dial(url);

    expect(await client.next()).toBe('tell sorry');
    expect(await client.closed).toEqual({ code: 1011, reason: 'failed' });
    expect(errors).toEqual([expect.objectContaining({ code: 'init', cause: boom })]);
    expect(onClose).not.toHaveBeenCalled();
  });

  it('in update ends the program at once, and is answered before the close', async () => {
    const radio = new Radio();
    const errors: OmniError[] = [];
    const closed = deferred<unknown[]>();
    const answer = deferred<string>();
    const url = await serve({
      application: program((message) => {
        if (message === 'ask bad') throw boom;
        return effect.none();
      }, radio.listen),
      onError: (error) => {
        errors.push(error);
        return answer.promise;
      },
      onClose: (...told) => {
        closed.resolve(told);
      },
    });
    const client = await connect(url);

    client.send('ask good');
    client.send('ask bad');
    client.send('ask more');
    await client.settled();
    const listeners = radio.listeners;
    radio.say('tell nobody');
    answer.resolve('tell sorry');

    expect(listeners).toBe(0);
    expect(await client.next()).toBe('tell sorry');
    expect(await client.closed).toEqual({ code: 1011, reason: 'failed' });
    expect(await closed.promise).toEqual([['ask good'], 1011]);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(ApplicationError);
    expect(errors[0]).toMatchObject({ code: 'update', cause: boom, incoming: 'ask bad' });
  });

  it.each([
    [
      'throws',
      () => {
        throw boom;
      },
    ],
    ['rejects', () => Promise.reject(boom)],
  ])(
    'in an effect that %s is told to onError, may be answered, and closes nothing',
    async (_, run) => {
      const errors: OmniError[] = [];
      const url = await serve({
        application: program((message) =>
          message === 'ask bad' ? effect.from(run) : say('tell fine'),
        ),
        onError: (error) => {
          errors.push(error);
          return 'tell sorry';
        },
      });
      const client = await connect(url);

      client.send('ask bad');
      const first = await client.next();
      client.send('ask good');

      expect(first).toBe('tell sorry');
      expect(await client.next()).toBe('tell fine');
      expect(errors).toEqual([expect.objectContaining({ code: 'effect', cause: boom })]);
    },
  );

  it('in encode is reported to onError and closes nothing; update still gets the message', async () => {
    const errors: OmniError[] = [];
    const url = await serve({
      application: program((message) => {
        if (message === 'ask bad') return say('bad');
        return message === 'bad' ? say('tell seen') : effect.none();
      }),
      onError: (error) => {
        errors.push(error);
      },
    });
    const client = await connect(url);

    client.send('ask bad');

    expect(await client.next()).toBe('tell seen');
    expect(errors).toEqual([
      expect.objectContaining({ code: 'encode', cause: boom, outgoing: 'bad' }),
    ]);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
  });

  it('in onClose is reported to onError', async () => {
    for (const onClose of [
      () => {
        throw boom;
      },
      () => Promise.reject(boom),
    ]) {
      const told = deferred<OmniError>();
      const client = await connect(await serve({ onClose, onError: told.resolve }));

      client.socket.close();

      expect(await told.promise).toMatchObject({ code: 'on-close', cause: boom });
    }
  });

  it('harms nothing without onError', async () => {
    const url = await serve({
      application: program((message) => {
        if (message === 'ask throw') throw boom;
        return message === 'ask bad'
          ? effect.batch([say('bad'), effect.from(() => Promise.reject(boom))])
          : say('tell fine');
      }),
    });
    const client = await connect(url);

    client.send('nonsense');
    client.send('ask bad');
    client.send('ask good');
    const answer = await client.next();
    client.send('ask throw');

    expect(answer).toBe('tell fine');
    expect(await client.closed).toEqual({ code: 1011, reason: 'failed' });
  });
});

describe('an undecodable frame', () => {
  it('is reported to onError, may be answered, and never reaches update', async () => {
    const errors: OmniError[] = [];
    const closed = deferred<unknown>();
    const url = await serve({
      onError: (error) => {
        errors.push(error);
        return 'tell what?';
      },
      onClose: (model) => {
        closed.resolve(model);
      },
    });
    const client = await connect(url);

    client.send('nonsense');
    const answer = await client.next();
    client.send('ask a');
    const echo = await client.next();
    client.socket.close();

    expect([answer, echo]).toEqual(['tell what?', 'tell a']);
    expect(errors).toEqual([new DecodeError('expected a question')]);
    expect(await closed.promise).toEqual(['ask a', 'tell a']);
  });

  it('closes with 4400 at the 20th in a row', async () => {
    const client = await connect(await serve());

    for (let count = 0; count < 19; count += 1) client.send('nonsense');
    client.send('ask a');
    for (let count = 0; count < 20; count += 1) client.send('nonsense');

    expect(await client.next()).toBe('tell a');
    expect(await client.closed).toEqual({ code: 4400, reason: 'undecodable' });
  });

  it('may be a text frame, when the codec is binary', async () => {
    const errors: OmniError[] = [];
    const url = await firstStack(
      omniWsApplication({
        start: () => 0,
        application: application<number, number, number, Uint8Array>({
          init: (count) => [count, effect.none()],
          update: (count, message) => [
            count + message,
            message < 100
              ? effect.from((dispatch) => dispatch(count + message + 100))
              : effect.none(),
          ],
          codec: {
            binary: true,
            decode: (bytes) => bytes[0] ?? 0,
            encode: (message) => (message < 100 ? undefined : new Uint8Array([message])),
          },
        }),
        onError: (error) => {
          errors.push(error);
        },
      }),
    );
    const client = await connect(url);

    client.send('text');
    client.send(new Uint8Array([7]));

    expect(await client.next()).toEqual(Buffer.from([107]));
    expect(errors).toEqual([new DecodeError('expected a binary frame')]);
  });
});

describe('tags that mean one thing from the client and another to it', () => {
  // As on the wire of omnimessage's own chat: [0, chat] comes, [0, [chat, ...]] goes.
  const FromClient = tupleVariants({ 0: string(), 2: literal(null) });
  const FromServer = tupleVariants({ 0: any() });
  const json = structCodec({ incoming: FromClient, outgoing: FromServer });

  it('are kept apart by a codec that wraps', async () => {
    type Wrapped =
      | { readonly from: 'client'; readonly message: Infer<typeof FromClient> }
      | { readonly from: 'server'; readonly message: Infer<typeof FromServer> };
    const wrapping: Codec<Wrapped, Wrapped> = {
      decode: (encoded) => ({ from: 'client', message: json.decode(encoded) }),
      encode: ({ from, message }) => (from === 'server' ? json.encode(message) : undefined),
    };
    const url = await firstStack(
      omniWsApplication({
        start: () => undefined,
        application: application<undefined, readonly string[], Wrapped>({
          init: () => [[], effect.none()],
          update: (chats, { from, message }) => {
            if (from === 'server') return [chats, effect.none()];
            const all = message[0] === 0 ? [...chats, message[1]] : chats;
            return [
              all,
              effect.from((dispatch) => dispatch({ from: 'server', message: [0, all] })),
            ];
          },
          codec: wrapping,
        }),
      }),
    );
    const client = await connect(url);

    client.send('[0,"hello"]');
    client.send('[2,null]');

    expect(await client.settled()).toEqual(['[0,["hello"]]', '[0,["hello"]]']);
  });

  // FAULTS B1: for a reply it would be an EncodeError; update sees messages that do not travel.
  it('come back to the client without one, and a message that the struct refuses is skipped', async () => {
    const errors: OmniError[] = [];
    const url = await firstStack(
      omniWsApplication({
        start: () => undefined,
        application: application<undefined, null, Infer<typeof FromClient>>({
          init: () => [null, effect.none()],
          update: (model) => [model, effect.none()],
          codec: json,
        }),
        onError: (error) => void errors.push(error),
      }),
    );
    const client = await connect(url);

    client.send('[0,"hello"]');
    client.send('[2,null]');

    expect(await client.settled()).toEqual(['[0,"hello"]']);
    expect(errors).toEqual([]);
  });
});

describe('a program that never rests', () => {
  const restless: Application<unknown, readonly string[], string> = application({
    init: () => [[], effect.none()],
    update: (model, message): Step<readonly string[], string> => {
      if (message === 'ask go' || message === 'again') return [model, say('again')];
      return [
        model,
        message.startsWith('ask ') ? say(message.replace('ask', 'tell')) : effect.none(),
      ];
    },
    codec,
  });

  it('starves no other client, answers its own in order, and is reported', async () => {
    const told = deferred<OmniError>();
    const url = await serve({
      application: restless,
      onError: (error) => {
        told.resolve(error);
      },
    });
    const [one, other] = await Promise.all([connect(url), connect(url)]);
    one.send('ask go');
    const error = await told.promise;

    other.send('ask other');
    const answer = await other.next();
    for (let count = 1; count <= 200; count += 1) one.send(`ask ${count}`);

    expect(error).toMatchObject({ code: 'runaway' });
    expect(answer).toBe('tell other');
    for (let count = 1; count <= 200; count += 1) expect(await one.next()).toBe(`tell ${count}`);
  });

  it('is given one frame at a time: those that follow wait outside, where they are bounded', async () => {
    let decoded = 0;
    let updated = 0;
    let most = 0;
    const url = await serve({
      application: {
        ...restless,
        update: (model, message) => {
          if (message.startsWith('ask ')) {
            most = Math.max(most, decoded - updated);
            updated += 1;
          }
          return restless.update(model, message);
        },
        codec: {
          ...codec,
          decode: (encoded) => {
            decoded += 1;
            return codec.decode(encoded);
          },
        },
      },
    });
    const client = await connect(url);

    client.send('ask go');
    for (let count = 1; count <= 200; count += 1) client.send(`ask ${count}`);
    for (let count = 1; count <= 200; count += 1) await client.next();

    expect(updated).toBe(201);
    expect(most).toBe(1);
  });

  it('ends with its connection', async () => {
    const closed = deferred();
    let handled = 0;
    const url = await serve({
      application: {
        ...restless,
        update: (model, message) => {
          handled += 1;
          return restless.update(model, message);
        },
      },
      onClose: () => {
        closed.resolve();
      },
    });
    const client = await connect(url);
    client.send('ask go');
    await client.settled();

    client.socket.terminate();
    await closed.promise;
    const atTheEnd = handled;
    await nextTurn();

    expect(atTheEnd).toBeGreaterThan(0);
    expect(handled).toBe(atTheEnd);
  });
});

describe('a program that is far behind', () => {
  it('is ended when a message of its client waits longer than handlerTimeout', async () => {
    const errors: OmniError[] = [];
    const closed = deferred<unknown>();
    const slow = Array.from({ length: 100 }, (_, count) => `slow ${count}`);
    const url = await serve({
      application: application({
        ...echoing,
        update: (model, message): Step<readonly string[], string> => {
          const until = performance.now() + (message.startsWith('slow') ? 5 : 0);
          while (performance.now() < until);
          return [model, message === 'ask go' ? say(...slow) : effect.none()];
        },
      }),
      handlerTimeout: 50,
      onError: (error) => {
        errors.push(error);
        return 'tell sorry';
      },
      onClose: (_, code) => {
        closed.resolve(code);
      },
    });
    const client = await connect(url);

    client.send('ask go');

    expect(await client.next()).toBe('tell sorry');
    expect(await client.closed).toEqual({ code: 1011, reason: 'failed' });
    expect(await closed.promise).toBe(1011);
    expect(errors).toEqual([expect.objectContaining({ code: 'handler-timeout', limit: 50 })]);
  });
});

describe('a client that does not read', () => {
  it('is closed with 1013 when its program sends too much, and the program ends', async () => {
    const chunk = `tell ${'x'.repeat(60_000)}`;
    const closed = deferred<unknown>();
    const ended = deferred<string>();
    let said = 0;
    const chatter: Effect<string> = effect.from((dispatch, signal) => {
      // A source of its own, as a database would be: it does not wait for the client.
      const speak = (): void => {
        if (signal.aborted) return;
        said += 1;
        dispatch(chunk);
        setImmediate(speak);
      };
      speak();
      return () => {
        ended.resolve('ended');
      };
    });
    const url = await serve({
      application: program(() => effect.none(), chatter),
      onClose: (_, code) => {
        closed.resolve(code);
      },
    });
    const client = await connect(url);

    client.socket.pause();
    const end = await ended.promise;
    const saidAtTheEnd = said;
    client.socket.resume();

    expect(end).toBe('ended');
    expect((await client.closed).code).toBe(1013);
    expect(await closed.promise).toBe(1013);
    expect(said).toBe(saidAtTheEnd);
  });
});

describe('the watchers of the process', () => {
  it('get all events with the transport application', async () => {
    const events: [name: string, transport: unknown, code?: unknown][] = [];
    const closed = deferred();
    for (const name of ['open', 'message', 'error', 'close']) {
      const watch = (event: unknown): void => {
        const { transport, code } = event as { transport: unknown; code?: unknown };
        events.push(code === undefined ? [name, transport] : [name, transport, code]);
        if (name === 'close') closed.resolve();
      };
      diagnosticsChannel.subscribe(`omnimessage:${name}`, watch);
      onTestFinished(() => {
        diagnosticsChannel.unsubscribe(`omnimessage:${name}`, watch);
      });
    }
    const url = await serve({
      application: program(() => effect.from(() => Promise.reject(boom))),
    });
    const client = await connect(url);

    client.send('ask a');
    await client.settled();
    client.socket.close(4001);
    await Promise.all([closed.promise, once(client.socket, 'close')]);

    expect(events).toEqual([
      ['open', 'application'],
      ['message', 'application'],
      ['error', 'application', 'effect'],
      ['close', 'application', 4001],
    ]);
  });
});

describe('the options', () => {
  const start = (): undefined => undefined;

  it.each([
    [{ start, application: { ...echoing, init: 5 } }, 'Expected `init` to be a function, got 5'],
    [
      { start, application: { ...echoing, update: undefined } },
      'Expected `update` to be a function, got undefined',
    ],
    [
      { start, application: { ...echoing, codec: undefined } },
      'Expected `codec` to be an object with the functions decode and encode, got undefined',
    ],
    [{ application: echoing }, 'Expected `start` to be a function, got undefined'],
    [{ start, application: echoing, onClose: 5 }, 'Expected `onClose` to be a function, got 5'],
    [
      { start, application: echoing, limit: 0 },
      'Expected `limit` to be an integer from 1 up, got 0',
    ],
  ])('are refused when one is wrong', (options, text) => {
    expect(() => omniWsApplication(options as never)).toThrow(new TypeError(text));
  });

  it('keep the types of args, model, message and context together', () => {
    const counter = application<{ from: number }, number, 'up'>({
      init: ({ from }) => [from, effect.none()],
      update: (count) => [count + 1, effect.none()],
      codec: { encode: String, decode: () => 'up' },
    });

    omniWsApplication({
      application: counter,
      context: () => ({ user: 'Ann' }),
      start: (request, context) => {
        expectTypeOf(request.url).toEqualTypeOf<string | undefined>();
        expectTypeOf(context).toEqualTypeOf<{ user: string }>();
        return { from: 1 };
      },
      onClose: (model, code) => {
        expectTypeOf(model).toEqualTypeOf<number>();
        expectTypeOf(code).toEqualTypeOf<number>();
      },
      onError: (error, exchange): 'up' => {
        expectTypeOf(error).toEqualTypeOf<OmniError>();
        expectTypeOf(exchange.context).toEqualTypeOf<{ user: string } | undefined>();
        return 'up';
      },
    });
    omniWsApplication({
      application: counter,
      // @ts-expect-error -- the args lack `from`
      start: () => ({}),
    });
    omniWsApplication({
      application: counter,
      start: () => ({ from: 1 }),
      // @ts-expect-error -- 'down' is no message
      onError: () => 'down',
    });
    expect.assertions(0);
  });
});

describe('effect.stop and effect.close', () => {
  /** The program ends when it sees the message that it has sent. */
  const endingWith = (end: Effect<string>): Application<unknown, readonly string[], string> =>
    program((message) => {
      if (message.startsWith('ask ')) return say('tell bye');
      return message === 'tell bye' ? effect.batch([end, say('tell nothing')]) : effect.none();
    });

  it.each([
    ['stop', effect.stop(), { code: 1000, reason: '' }],
    ['close', effect.close(), { code: 1000, reason: '' }],
    ['close with a code', effect.close(4001, 'game over'), { code: 4001, reason: 'game over' }],
  ])('%s: what was sent leaves first, then the connection closes', async (_, end, expected) => {
    const { promise: over, resolve } = deferred<[readonly string[], number]>();
    const client = await connect(
      await serve({
        application: endingWith(end),
        onClose: (model, code) => resolve([model, code]),
      }),
    );

    client.send('ask ');

    expect(await client.next()).toBe('tell bye');
    expect(await client.closed).toEqual(expected);
    expect(await over).toEqual([['ask ', 'tell bye'], expected.code]);
  });

  it('close with a code that may not be sent is reported, and nothing ends', async () => {
    const { promise: failed, resolve } = deferred<OmniError>();
    const client = await connect(
      await serve({ application: endingWith(effect.close(1006)), onError: resolve }),
    );

    client.send('ask ');

    expect(await client.next()).toBe('tell bye');
    expect(await client.next()).toBe('tell nothing');
    expect((await failed).code).toBe('effect');
    expect((await failed).cause).toBeInstanceOf(RangeError);
  });

  it('a mailbox that overflows is 1011, and reported as overflow', async () => {
    const { promise: failed, resolve } = deferred<OmniError>();
    const flood = effect.from<string>((dispatch) => {
      for (let n = 0; n <= 65_536; n++) dispatch('private');
    });
    const client = await connect(
      await serve({
        application: program(() => flood),
        onError: (error) => {
          if (error.code !== 'runaway') resolve(error);
        },
      }),
    );

    client.send('ask ');

    expect((await client.closed).code).toBe(1011);
    expect((await failed).code).toBe('overflow');
  });
});
