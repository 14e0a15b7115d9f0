/** The public names, in reading order. */
export { type EncoderDecoder } from './codec.ts';
export { pipe, type PipeOptions } from './pipe.ts';
export {
  type Connection,
  type ConnectionHandler,
  type ErrorHandler,
  type Exchange,
  type Handler,
} from './exchange.ts';
export { type Origins } from './origins.ts';
export * from './errors.ts';
