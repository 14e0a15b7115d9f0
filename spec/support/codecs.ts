import { DecodeError, type Codec } from 'express-omnimessage';

/** Says of what it receives that it is `{ text }`, sends `{ said }`, and skips `{ private }`. */
export interface Said {
  readonly text: string;
}
export type Says = { readonly said: string } | { readonly private: true };

/** A codec by hand, so that the transports are tested without our own codecs. */
export const textCodec: Codec<Said, Says> = {
  decode: (encoded) => {
    const value: unknown = JSON.parse(encoded);
    if (typeof value !== 'object' || value === null || !('text' in value)) {
      throw new DecodeError('expected a text', { path: ['text'] });
    }
    return { text: String(value.text) };
  },
  encode: (message) => ('said' in message ? JSON.stringify(message) : undefined),
};

/** The same in bytes, one byte a character. It takes no Buffer, whose `slice` is another one. */
export const bytesCodec: Codec<Said, Says, Uint8Array> = {
  binary: true,
  decode: (encoded) => {
    if (encoded.constructor !== Uint8Array) throw new DecodeError('expected a plain Uint8Array');
    return { text: Buffer.from(encoded).toString('latin1') };
  },
  encode: (message) => ('said' in message ? Buffer.from(message.said, 'latin1') : undefined),
};
