/**
 * The pair that turns messages into what travels, and back.
 *
 * `In` is what this side receives, `Out` what it sends, `Encoded` what is on the wire: a string, or
 * bytes when {@link Codec.binary} is true. Make one from structs (`structCodec`), from a
 * schema (`schemaCodec`), or by hand.
 *
 * Source: `EncoderDecoder` of omnimessage (Gleam), whose `encode` likewise may decline a message.
 */
export interface Codec<In, Out, Encoded = string> {
  /**
   * Makes a message of what was received. It may throw whatever it likes when it does not
   * understand: that becomes the `cause` of a `DecodeError`. Throw a `DecodeError` of your own to
   * say what was expected where.
   */
  readonly decode: (encoded: Encoded) => In;
  /**
   * Encodes a message, or returns undefined to skip it: nothing is sent then, and it is no error.
   * An `encode` that throws is a fault (`EncodeError`), never a skip.
   *
   * `structCodec` and `schemaCodec` return undefined for a message that `outgoing` refuses. An
   * application skips it; for a reply, `send` and `publish` it is an `EncodeError` that says where,
   * also through a codec by hand that calls theirs.
   */
  readonly encode: (message: Out) => Encoded | undefined;
  /**
   * True when `Encoded` is `Uint8Array`: frames are binary, HTTP bodies are bytes, and an empty
   * body is decoded like any other.
   * @defaultValue false
   */
  readonly binary?: boolean;
  /**
   * The content-type of an HTTP reply.
   * @defaultValue `application/json; charset=utf-8`, or `application/octet-stream` when binary
   */
  readonly contentType?: string;
  /**
   * Decodes a JSON value that an earlier middleware (`express.json()`) has parsed. Where it is
   * absent, a parsed body is printed once and given to `decode`.
   */
  readonly decodeValue?: (value: unknown) => In;
  /**
   * The name of a message that was decoded, for the diagnostics channel `omnimessage:message`: one of
   * few, because it becomes a label of metrics. `structCodec` gives the tag of `variants` and
   * `tupleVariants`. Called only while that channel has subscribers.
   *
   * A method, so that a codec of some messages still fits where one of more messages is expected.
   * @defaultValue messages have no names
   */
  tagOf?(message: In): string | number | undefined;
}

/** A JSON codec whose `encode` takes any value. */
export interface JsonCodec<In, Out> extends Codec<In, Out> {
  readonly decodeValue: (value: unknown) => In;
  /**
   * The two signatures let one codec serve a handler, whose reply is checked as `Out`, and an
   * application, whose update sees more messages than travel.
   */
  readonly encode: {
    (message: unknown): string | undefined;
    (message: Out): string | undefined;
  };
}

/** What a codec may put on the wire. */
export type Wire = string | Uint8Array;
