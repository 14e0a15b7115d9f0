/** What a browser may import too: the codecs, without Express or sockets. */
export { type EncoderDecoder } from './codec.ts';
export { DecodeError } from './errors.ts';
