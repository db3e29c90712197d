//! Points in time (RE-3) and the clocks that tell them (TT-1).

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use ::time::{Date, Month};

use crate::error::{Error, Result};

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;
/// The Julian day number of 1970-01-01.
const EPOCH_JULIAN_DAY: i64 = 2_440_588;

/// A point in time: UTC microseconds since 1970-01-01T00:00:00Z, from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999Z
/// (RE-3), without leap seconds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(-62_135_596_800_000_000);
    /// 9999-12-31T23:59:59.999999Z.
    pub const MAX: Self = Self(253_402_300_799_999_999);

    /// The point this many microseconds after 1970-01-01T00:00:00Z, or before it if negative.
    ///
    /// # Errors
    /// `InvalidArgument` outside [`Self::MIN`] to [`Self::MAX`].
    pub fn from_micros(micros: i64) -> Result<Self> {
        if (Self::MIN.0..=Self::MAX.0).contains(&micros) {
            Ok(Self(micros))
        } else {
            Err(Error::invalid("a timestamp lies from year 1 to year 9999"))
        }
    }

    /// The microseconds since 1970-01-01T00:00:00Z.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339: `2026-03-01T09:30:00Z`, with T or t, Z or z or an offset such as `+01:00`, and any number of digits
    /// after the second. What is finer than a microsecond is rounded down, also before 1970.
    ///
    /// # Errors
    /// `InvalidArgument` for any other text, a date that does not exist, second 60, and a point outside [`Self::MIN`] to
    /// [`Self::MAX`] once the offset is taken off.
    pub fn parse(text: &str) -> Result<Self> {
        let micros =
            parse_micros(text.as_bytes()).ok_or_else(|| Error::invalid("this is not a timestamp of RFC 3339"))?;
        Self::from_micros(micros)
    }

    /// The point this much later, in whole microseconds, or none after [`Self::MAX`].
    pub fn checked_add(self, duration: Duration) -> Option<Self> {
        let micros = i64::try_from(duration.as_micros()).ok()?;
        Self::from_micros(self.0.checked_add(micros)?).ok()
    }
}

/// The microseconds since 1970 that the text names, in years 0 to 9999 before the offset is taken off.
fn parse_micros(text: &[u8]) -> Option<i64> {
    let (date_and_time, rest) = text.split_at_checked(19)?;
    let separators = [date_and_time[4], date_and_time[7], date_and_time[10], date_and_time[13], date_and_time[16]];
    if !matches!(separators, [b'-', b'-', b'T' | b't', b':', b':']) {
        return None;
    }
    let part = |from: usize, to: usize| digits(&date_and_time[from..to]);
    let month = Month::try_from(u8::try_from(part(5, 7)?).ok()?).ok()?;
    let date =
        Date::from_calendar_date(i32::try_from(part(0, 4)?).ok()?, month, u8::try_from(part(8, 10)?).ok()?).ok()?;
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (micros, offset) = fraction(rest)?;
    let days = i64::from(date.to_julian_day()) - EPOCH_JULIAN_DAY;
    let seconds = hour * 3600 + (minute - offset_minutes(offset)?) * 60 + second;
    Some(days * MICROS_PER_DAY + seconds * MICROS_PER_SECOND + micros)
}

/// Cuts off `.` and its digits, if there, and answers their whole microseconds and the rest. A fraction is added to its second
/// before 1970 too, so leaving out its finer digits rounds down everywhere.
fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let Some(rest) = rest.strip_prefix(b".") else { return Some((0, rest)) };
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return None;
    }
    let used = length.min(6);
    let scale = 10_i64.pow(6 - u32::try_from(used).ok()?);
    Some((digits(&rest[..used])? * scale, &rest[length..]))
}

/// The minutes that local time is ahead of UTC.
fn offset_minutes(offset: &[u8]) -> Option<i64> {
    let sign = match offset {
        b"Z" | b"z" => return Some(0),
        [b'+', _, _, b':', _, _] => 1,
        [b'-', _, _, b':', _, _] => -1,
        _ => return None,
    };
    let (hours, minutes) = (digits(&offset[1..3])?, digits(&offset[4..6])?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
}

/// The value of a few ASCII digits; none if there is another byte.
fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))
}

impl FromStr for Timestamp {
    type Err = Error;

    /// As [`Timestamp::parse`].
    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

/// Rounds down to microseconds, also before 1970.
impl TryFrom<SystemTime> for Timestamp {
    type Error = Error;

    /// # Errors
    /// `InvalidArgument` outside [`Timestamp::MIN`] to [`Timestamp::MAX`].
    fn try_from(time: SystemTime) -> Result<Self> {
        let micros = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_micros()).ok(),
            Err(before) => i64::try_from(before.duration().as_nanos().div_ceil(1000)).ok().map(|micros| -micros),
        };
        Self::from_micros(micros.unwrap_or(i64::MAX))
    }
}

/// The canonical text (MO-1): UTC with six decimals and Z, such as `2026-03-01T09:30:00.000000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0.div_euclid(MICROS_PER_DAY) + EPOCH_JULIAN_DAY;
        let micros = self.0.rem_euclid(MICROS_PER_DAY);
        let date = i32::try_from(days).ok().and_then(|days| Date::from_julian_day(days).ok()).ok_or(fmt::Error)?;
        let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
        let (seconds, fraction) = (micros / MICROS_PER_SECOND, micros % MICROS_PER_SECOND);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z")
    }
}

/// The canonical text.
impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What tells the time to [`Memory`](crate::Memory). Backends have none: now comes with each call (TT-1).
pub trait Clock: fmt::Debug + Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs)]
pub struct SystemClock;

impl Clock for SystemClock {
    /// A clock that is set outside the years 1 to 9999 counts as standing at the nearer end.
    fn now(&self) -> Timestamp {
        let now = SystemTime::now();
        let end = if now < SystemTime::UNIX_EPOCH { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::try_from(now).unwrap_or(end)
    }
}

/// A clock that stands until it is set, for tests. Share it in an `Arc` to set it while it is in use.
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// A clock that stands at this time.
    pub fn new(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Sets the time, forwards or back.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::SeqCst);
    }
}

impl<T: Clock + ?Sized> Clock for std::sync::Arc<T> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values by Python: `(datetime.fromisoformat(t) - datetime(1970,1,1,tzinfo=utc)) // timedelta(microseconds=1)`.
    #[test]
    fn text_reads_as_microseconds() {
        for (text, micros) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-03-01T09:30:00z", 1_772_357_400_000_000),
            ("2026-03-01t09:30:00.5+01:00", 1_772_353_800_500_000),
            ("2024-02-29T23:59:59.123456789-23:59", 1_709_337_539_123_456),
            ("2000-01-01T00:00:00-00:00", 946_684_800_000_000),
            ("1969-12-31T23:59:59.9999999Z", -1),
            ("1969-12-31T23:59:59.0000001Z", -1_000_000),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
            ("0000-12-31T23:30:00-00:30", -62_135_596_800_000_000),
            ("9999-12-31T23:59:59.9999999999999999999999Z", 253_402_300_799_999_999),
        ] {
            assert_eq!(Timestamp::parse(text).unwrap().micros(), micros, "{text}");
        }
    }

    #[test]
    fn other_text_is_refused() {
        for bad in [
            "",
            "2026-03-01",
            "2026-03-01T09:30:00",
            "2026-03-01 09:30:00Z",
            "2026-03-01T09:30Z",
            "2026-03-01T09:30:60Z",
            "2016-12-31T23:59:60Z",
            "2026-03-01T24:00:00Z",
            "2026-03-01T09:60:00Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-03-01T09:30:00.Z",
            "2026-03-01T09:30:00,5Z",
            "2026-03-01T09:30:00+0100",
            "2026-03-01T09:30:00+01",
            "2026-03-01T09:30:00+24:00",
            "2026-03-01T09:30:00+01:60",
            "2026-03-01T09:30:00 Z",
            " 2026-03-01T09:30:00Z",
            "2026-03-01T09:30:00Z ",
            "2026-03-01T09:30:00ZZ",
            "+026-03-01T09:30:00Z",
            "2026-3-01T09:30:00Z0",
            "12026-03-01T09:30:00Z",
            "2026-03-01T09:30:00.5",
            "２026-03-01T09:30:00Z",
            "2026-03-01T09:3é:00Z",
            "0000-12-31T23:59:59Z",
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
        ] {
            assert!(Timestamp::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn canonical_text() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (1_709_251_139_000_042, "2024-02-29T23:58:59.000042Z"),
            (Timestamp::MIN.micros(), "0001-01-01T00:00:00.000000Z"),
            (Timestamp::MAX.micros(), "9999-12-31T23:59:59.999999Z"),
        ] {
            let timestamp = Timestamp::from_micros(micros).unwrap();
            assert_eq!((timestamp.to_string(), format!("{timestamp:?}")), (text.to_owned(), text.to_owned()));
            assert_eq!(text.parse::<Timestamp>().unwrap(), timestamp);
        }
    }

    #[test]
    fn the_range_is_closed() {
        assert!(Timestamp::from_micros(-62_135_596_800_000_001).is_err());
        assert!(Timestamp::from_micros(253_402_300_800_000_000).is_err());
        assert_eq!(Timestamp::MAX.checked_add(Duration::from_micros(1)), None);
        assert_eq!(Timestamp::MIN.checked_add(Duration::MAX), None);
        assert_eq!(Timestamp(5).checked_add(Duration::from_nanos(2_999)), Some(Timestamp(7)));
    }

    #[test]
    fn system_times_are_rounded_down() {
        let epoch = SystemTime::UNIX_EPOCH;
        let nanos = Duration::from_nanos;
        assert_eq!(Timestamp::try_from(epoch + nanos(1_999)).unwrap(), Timestamp(1));
        assert_eq!(Timestamp::try_from(epoch - nanos(1_001)).unwrap(), Timestamp(-2));
        assert_eq!(Timestamp::try_from(epoch - nanos(1_000)).unwrap(), Timestamp(-1));
        assert!(Timestamp::try_from(epoch + Duration::from_secs(253_402_300_800)).is_err());
    }

    #[test]
    fn clocks() {
        let clock = FixedClock::new(Timestamp(5));
        assert_eq!(clock.now(), Timestamp(5));
        clock.set(Timestamp(-7));
        assert_eq!(clock.now(), Timestamp(-7));
        assert!(SystemClock.now() > Timestamp::parse("2025-01-01T00:00:00Z").unwrap());
    }
}
