/** The public names, in reading order. */
export * from './codecs.ts';
export { pipe, type PipeOptions } from './core/pipe.ts';
export {
  type Connection,
  type ConnectionHandler,
  type ErrorHandler,
  type Exchange,
  type Handler,
} from './core/exchange.ts';
export { omniHttp, omniHttpHandler } from './http/route.ts';
export { type OmniHttpOptions } from './http/options.ts';
export { omniSse, type OmniSseOptions } from './sse/route.ts';
export { omniWs, type OmniWsOptions } from './websocket/handler.ts';
export {
  type Application,
  application,
  type Runtime,
  startApplication,
  type Watchers,
} from './application/application.ts';
export { omniWsApplication, type OmniWsApplicationOptions } from './websocket/application.ts';
export * as effect from './application/effect.ts';
export {
  type Cleanup,
  type Dispatch,
  type Effect,
  type Subscribable,
} from './application/effect.ts';
export { type Program } from './application/program.ts';
export { type Step } from './application/step.ts';
export { type ConnectionOptions, type Heartbeat } from './connection/options.ts';
export { type RateLimit } from './connection/rate-limit.ts';
export { type ResumeOptions } from './connection/resume-options.ts';
export {
  type Answered,
  type Known,
  type OpenStore,
  type StoreLimits,
  type WindowStore,
} from './core/window-store.ts';
export {
  type Attached,
  attachWebSockets,
  type AttachOptions,
  type CloseOptions,
  type SocketRoute,
  type SocketRoutes,
} from './server/attach.ts';
export { runMiddleware } from './server/run-middleware.ts';
export { type RoutePath, type SocketTarget } from './server/find-route.ts';
export { type Owns } from './server/ownership.ts';
export { type Subprotocols } from './server/subprotocol.ts';
export { serverOptions, type ServerOptions } from './server/prototypes.ts';
export { type Origins } from './request/origins.ts';
export { ApplicationError, RunawayError } from './application/errors.ts';
export {
  AuthorizeError,
  BodyConsumedError,
  ContextError,
  DecodeError,
  EncodeError,
  type ErrorCode,
  HandlerError,
  HookError,
  OmniError,
  type OmniErrorOptions,
  RouteError,
  TimeoutError,
} from './core/errors.ts';
export { BackplaneError, HubError } from './hub/errors.ts';
export { CloseCode } from './core/close-codes.ts';
export {
  type CloseEvent,
  type ErrorEvent,
  type MessageEvent,
  type OpenEvent,
  type RefusedEvent,
} from './process/diagnostics.ts';
export { createHub } from './hub/hub.ts';
export {
  type Hub,
  type HubOptions,
  type JoinFromOptions,
  type JoinOptions,
  type PublishOptions,
  type Since,
  type SinceOptions,
} from './hub/options.ts';
export { type LogOptions } from './hub/memory-log.ts';
export {
  type Backplane,
  type BackplaneHub,
  type BackplaneLink,
  type GapReason,
  type LogEntry,
  type LogPage,
  type Place,
} from './hub/backplane.ts';
