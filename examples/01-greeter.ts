/**
 * The smallest app: one handler, over HTTP and over a WebSocket.
 *
 *     npx tsx examples/01-greeter.ts
 *     curl localhost:8000/omni-http -d '{"type":"greet","name":"Lucy"}'
 */
import express from 'express';
import { attachWebSockets, type Handler, omniHttp, omniWs } from 'express-omnimessage';
import { structCodec, variants } from 'express-omnimessage/codecs';
import { type Infer, nonempty, string } from 'superstruct';

const FromClient = variants('type', { greet: { name: nonempty(string()) } });
const FromServer = variants('type', { greeting: { text: string() } });

const codec = structCodec({ incoming: FromClient, outgoing: FromServer });
const handler: Handler<Infer<typeof FromClient>, Infer<typeof FromServer>> = ({ name }) => ({
  type: 'greeting',
  text: `Hello, ${name}!`,
});

const onError = (error: Error): void => console.error(error.message);

const { app, server, close } = attachWebSockets(express());
app.use(omniHttp({ path: '/omni-http', codec, handler, onError }));
app.ws('/omni-ws', omniWs({ codec, handler, onError }));

export { close, server };
if (process.argv[1] === import.meta.filename) {
  server.listen(8000, 'localhost', () => console.log('http://localhost:8000'));
}
