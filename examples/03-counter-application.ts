/**
 * The smallest program: a counter for each connection, which speaks first, and ticks by itself.
 *
 *     npx tsx examples/03-counter-application.ts
 *     npx wscat -c ws://localhost:8000/omni-app-ws
 *     > {"type":"add","amount":10}
 */
import express from 'express';
import {
  application,
  attachWebSockets,
  effect,
  omniWsApplication,
  type Step,
  structCodec,
  variants,
} from 'express-omnimessage';
import { type Infer, integer } from 'superstruct';

const FromClient = variants('type', { add: { amount: integer() } });
const FromServer = variants('type', { counted: { count: integer() } });
/** All that update sees. A tick is neither received nor sent: it stays within the program. */
type Message = Infer<typeof FromClient> | Infer<typeof FromServer> | { readonly type: 'ticked' };

/** The count to go on with, said as a message: being one of `FromServer`, it is sent. */
const counted = (count: number): Step<number, Message> => [
  count,
  effect.from((dispatch) => dispatch({ type: 'counted', count })),
];

export const counter = application<number, number, Message>({
  init: (start) => {
    const [count, say] = counted(start);
    return [count, effect.batch([say, effect.every(1_000, { type: 'ticked' })])];
  },
  update: (count, message) => {
    switch (message.type) {
      case 'add':
        return counted(count + message.amount);
      case 'ticked':
        return counted(count + 1);
      case 'counted':
        return [count, effect.none()];
    }
  },
  codec: structCodec({ incoming: FromClient, outgoing: FromServer }),
});

const { app, server, close } = attachWebSockets(express());
app.ws(
  '/omni-app-ws',
  omniWsApplication({
    application: counter,
    start: () => 0,
    onError: (error) => console.error(error.message),
  }),
);

export { close, server };
if (process.argv[1] === import.meta.filename) server.listen(8000);
