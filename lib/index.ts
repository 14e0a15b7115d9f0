/** The public names, in reading order. */
export * from './codecs.ts';
export { pipe, type PipeOptions } from './pipe.ts';
export {
  type Connection,
  type ConnectionHandler,
  type ErrorHandler,
  type Exchange,
  type Handler,
} from './exchange.ts';
export { omniHttp, omniHttpHandler } from './http.ts';
export { type OmniHttpOptions } from './http-options.ts';
export { omniWs, type OmniWsOptions } from './websocket.ts';
export {
  type Application,
  application,
  type Runtime,
  startApplication,
  type Watchers,
} from './application.ts';
export { omniWsApplication, type OmniWsApplicationOptions } from './websocket-application.ts';
export * as effect from './effect.ts';
export { type Cleanup, type Dispatch, type Effect, type Publisher } from './effect.ts';
export { type Program, type Step } from './loop.ts';
export { type ConnectionOptions, type Heartbeat } from './connection-options.ts';
export { type RateLimit } from './rate-limit.ts';
export {
  type Attached,
  attachWebSockets,
  type AttachOptions,
  type CloseOptions,
  type SocketRoute,
  type SocketRoutes,
} from './attach.ts';
export { serverOptions, type ServerOptions } from './server-options.ts';
export { type Origins } from './origins.ts';
export {
  ApplicationError,
  AuthorizeError,
  BackplaneError,
  BodyConsumedError,
  CloseCode,
  ContextError,
  DecodeError,
  EncodeError,
  type ErrorCode,
  HandlerError,
  HookError,
  HubError,
  OmniError,
  type OmniErrorOptions,
  RouteError,
  RunawayError,
  TimeoutError,
} from './errors.ts';
export {
  type CloseEvent,
  type ErrorEvent,
  type MessageEvent,
  type OpenEvent,
  type RefusedEvent,
} from './diagnostics.ts';
export {
  createHub,
  type Hub,
  type HubOptions,
  type JoinOptions,
  type PublishOptions,
} from './hub.ts';
export { type Backplane, type BackplaneHub, type BackplaneLink } from './hub/backplane.ts';
