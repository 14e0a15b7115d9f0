/** Types of other packages that travel without a word of the user: those of gleam_time. `--map` says otherwise. */
import { type MappedType } from '../gleam/model.ts';

const TIMESTAMP: MappedType = {
  kind: 'Mapped',
  module: 'gleam/time/timestamp',
  name: 'Timestamp',
  to: 'timestamp_to_string',
  from: ['gleam/time/timestamp', 'parse_rfc3339'],
  as: { kind: 'String' },
  // RFC 3339, which is also what `Date.prototype.toISOString` gives.
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$',
  example: '1970-01-01T00:00:00Z',
};

const DATE: MappedType = {
  kind: 'Mapped',
  module: 'gleam/time/calendar',
  name: 'Date',
  to: 'date_to_string',
  from: 'date_from_string',
  as: { kind: 'String' },
  pattern: '^\\d{4}-\\d\\d-\\d\\d$',
  example: '1970-01-01',
};

const DURATION: MappedType = {
  kind: 'Mapped',
  module: 'gleam/time/duration',
  name: 'Duration',
  to: 'duration_to_milliseconds',
  from: ['gleam/time/duration', 'milliseconds'],
  as: { kind: 'Int' },
};

/** By `module.Type`. */
export const KNOWN_TYPES: ReadonlyMap<string, MappedType> = new Map(
  [TIMESTAMP, DATE, DURATION].map((type) => [`${type.module}.${type.name}`, type]),
);
