/** What a page imports: the link to a server, without a framework and without Node. */
export { type Codec } from './core/codec.ts';
export { anyWebSocket, type AnyWebSocketOptions } from './client/any-web-socket.ts';
export { ask } from './client/ask.ts';
export { connect } from './client/connect.ts';
export { type QueueStore } from './client/journals.ts';
export { type Reason } from './client/ends.ts';
export { http, type HttpOptions } from './client/http.ts';
export { AskError } from './client/errors.ts';
export {
  type AskOptions,
  type ConnectOptions,
  type DropReason,
  type Link,
  type Opened,
  type QueueOptions,
  type SendOptions,
  type SendResult,
  type Snapshot,
} from './client/options.ts';
export { resume, type ResumeLinkOptions } from './client/resume.ts';
export { type Resume } from './client/resumption.ts';
export { sse, type SseOptions } from './client/sse.ts';
export { storedQueue, type StoredQueueOptions } from './client/stored-queue.ts';
export { createStore, type Failed, type Store, type StoreOptions } from './client/store.ts';
export { type Address, type AddressSource, type Transport } from './client/transport.ts';
export { webSocket, type WebSocketOptions } from './client/websocket.ts';
