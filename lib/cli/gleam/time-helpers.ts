/** The private functions by which the types of gleam_time travel. */

export const TIME_SOURCES = {
  timestamp_to_string: `
fn timestamp_to_string(value: timestamp.Timestamp) -> String {
  timestamp.to_rfc3339(value, calendar.utc_offset)
}`,
  date_to_string: `
fn date_to_string(date: calendar.Date) -> String {
  let digits = fn(number, count) {
    string.pad_start(int.to_string(number), count, "0")
  }
  let month = calendar.month_to_int(date.month)
  digits(date.year, 4) <> "-" <> digits(month, 2) <> "-" <> digits(date.day, 2)
}`,
  date_from_string: `
fn date_from_string(text: String) -> Result(calendar.Date, Nil) {
  let parts = case string.byte_size(text) {
    10 -> string.split(text, "-")
    _ -> []
  }
  case list.try_map(parts, int.parse) {
    Ok([year, month, day]) ->
      case calendar.month_from_int(month) {
        Ok(month) -> {
          let date = calendar.Date(year:, month:, day:)
          // Also refuses a sign, and digits that were left out.
          case calendar.is_valid_date(date) && date_to_string(date) == text {
            True -> Ok(date)
            False -> Error(Nil)
          }
        }
        Error(_) -> Error(Nil)
      }
    _ -> Error(Nil)
  }
}`,
  duration_to_milliseconds: `
fn duration_to_milliseconds(value: duration.Duration) -> Int {
  let #(seconds, nanoseconds) = duration.to_seconds_and_nanoseconds(value)
  seconds * 1000 + nanoseconds / 1_000_000
}`,
} as const;
