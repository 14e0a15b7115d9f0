import express from 'express';
import { describe, expect, it } from 'vitest';
import {
  application,
  attachWebSockets,
  createHub,
  effect,
  omniHttp,
  omniSse,
  omniWs,
  omniWsApplication,
  startApplication,
} from '../lib/index.ts';
import {
  component,
  omniServerComponent,
  omniServerComponentSse,
  startServerComponent,
  text,
} from '../lib/lustre.ts';
import { natsBackplane } from '../lib/nats.ts';
import { redisBackplane } from '../lib/redis.ts';
import { testClient } from '../lib/testing.ts';

const codec = { encode: (value: string) => value, decode: (value: string) => value };
const program = {
  init: () => [0, effect.none()],
  update: (model: number) => [model, effect.none()],
};
const view = { ...program, view: () => text('') };
const answers = { codec, handler: (message: string) => message };
const shown = { component: view, start: () => 0 };

type Factory = (options: object) => unknown;

/** Each factory, options that it takes, and one of their names. */
const factories: readonly (readonly [string, Factory, object, string])[] = [
  ['omniHttp', omniHttp as Factory, answers, 'onError'],
  ['omniWs', omniWs as Factory, answers, 'heartbeat'],
  ['omniSse', omniSse as Factory, { codec }, 'onOpen'],
  [
    'omniWsApplication',
    omniWsApplication as Factory,
    { application: { ...program, codec }, start: () => 0 },
    'onClose',
  ],
  ['application', application as Factory, { ...program, codec }, 'update'],
  [
    'startApplication',
    (watchers) => startApplication(program as never, 0, watchers),
    {},
    'onMessage',
  ],
  ['attachWebSockets', (options) => attachWebSockets(express(), options), {}, 'authorize'],
  ['createHub', createHub as Factory, { codec }, 'backplane'],
  ['log', (log) => createHub({ codec, log }), {}, 'seconds'],
  ['redisBackplane', redisBackplane, { url: 'redis://127.0.0.1' }, 'durable'],
  ['log', (log) => redisBackplane({ url: 'redis://127.0.0.1', log }), {}, 'seconds'],
  ['natsBackplane', natsBackplane, { servers: '127.0.0.1:4222' }, 'servers'],
  ['log', (log) => natsBackplane({ servers: '127.0.0.1:4222', log }), {}, 'replicas'],
  ['component', component as Factory, view, 'options'],
  ['options', (options) => component({ ...view, options } as never), {}, 'adoptStyles'],
  ['omniServerComponent', omniServerComponent as Factory, shown, 'csrf'],
  ['omniServerComponentSse', omniServerComponentSse as Factory, shown, 'highWaterMark'],
  [
    'startServerComponent',
    (watchers) => startServerComponent(view as never, 0, watchers).stop(),
    {},
    'onStop',
  ],
  [
    'testClient',
    (options) => testClient(omniWs(answers) as never, options as never).close(),
    { codec },
    'headers',
  ],
];

describe('a misspelt option', () => {
  it.each(factories)(
    'of %s is refused, with the name that was meant',
    (factory, make, options, name) => {
      const wrong = `${name.slice(0, -2)}${name.at(-1)}${name.at(-2)}`;

      expect(() => make(options)).not.toThrow();
      expect(() => make({ ...options, [wrong]: true })).toThrow(TypeError);
      expect(() => make({ ...options, [wrong]: true })).toThrow(
        `${factory} has no option \`${wrong}\`: did you mean \`${name}\`?`,
      );
    },
  );

  it('of close is refused before anything is closed', async () => {
    const { close } = attachWebSockets(express());

    expect(() => close({ timout: 5 } as never)).toThrow(
      'close has no option `timout`: did you mean `timeout`?',
    );
    await close({ timeout: 0 });
  });
});
