/** What a browser may import too: the codecs, without Express or sockets. */
export { type EncoderDecoder, type JsonCodec } from './codec.ts';
export { DecodeError } from './errors.ts';
export { schemaCodec, type SchemaCodecOptions } from './schema-codec.ts';
export { type StandardSchema } from './standard-schema.ts';
export { structCodec, type StructCodecOptions } from './struct-codec.ts';
export { type VariantsOptions } from './tags.ts';
export { tupleVariants, type TupleVariants } from './tuple-variants.ts';
export { variants, type Variants } from './variants.ts';
