/** What a browser may import too: the codecs, without Express or sockets. */
export { type Codec, type JsonCodec } from './core/codec.ts';
export { DecodeError } from './core/errors.ts';
export { canonicalOf, hashOf } from './codecs/canonical.ts';
export {
  type Definition,
  type DefinitionFile,
  definitionOf,
  type Field,
  type Root,
  type Shape,
  type TupleVariant,
  type UnknownFields,
  type Variant,
} from './codecs/definition.ts';
export { type StandardJsonSchema } from './codecs/from-json-schema.ts';
export { type JsonSchema, jsonSchemaOf, type JsonSchemaOptions } from './codecs/json-schema.ts';
export { standardSchemaOf, type StandardStruct } from './codecs/standard-struct.ts';
export { DefinitionError } from './codecs/definition-error.ts';
export { schemaCodec, type SchemaCodecOptions } from './codecs/schema-codec.ts';
export { type StandardSchema } from './codecs/standard-schema.ts';
export { structCodec, type StructCodecOptions } from './codecs/struct-codec.ts';
export { type VariantsOptions } from './codecs/tags.ts';
export { tupleVariants, type TupleVariants } from './codecs/tuple-variants.ts';
export { variants, type Variants } from './codecs/variants.ts';
export {
  described,
  dict,
  named,
  nullable,
  oneOf,
  optional,
  recursive,
  safeInteger,
  tuple,
} from './codecs/words.ts';
