//! Numbers of metadata and filters: an i64, a u64 or a finite f64, kept apart (RE-2) and compared exactly (FI-6).

use std::cmp::Ordering;
use std::fmt;

use serde_json::value::RawValue;

use crate::error::{Error, Result};

/// An i64, a u64 above `i64::MAX`, or a finite f64 (RE-2).
///
/// `==` compares the representation: 1 and 1.0 differ, and so do -0.0 and 0.0. [`Number::compare`] compares the values.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number(Repr);

/// The float as its bits, so that equality and hash are those of the representation.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Repr {
    I64(i64),
    U64(u64),
    F64(u64),
}

/// What a [`Number`] is made of. Closed: a backend matches it exhaustively.
#[derive(Clone, Copy, PartialEq)]
#[allow(clippy::exhaustive_enums)]
pub enum NumberKind {
    /// An integer from `i64::MIN` to `i64::MAX`.
    I64(i64),
    /// An integer above `i64::MAX`.
    U64(u64),
    /// A finite float; it may hold a whole number.
    F64(f64),
}

impl Number {
    /// The number in its own type.
    pub fn kind(self) -> NumberKind {
        match self.0 {
            Repr::I64(n) => NumberKind::I64(n),
            Repr::U64(n) => NumberKind::U64(n),
            Repr::F64(bits) => NumberKind::F64(f64::from_bits(bits)),
        }
    }

    /// The integer, if this is one and fits. A float is none, whatever its value.
    pub fn as_i64(self) -> Option<i64> {
        match self.0 {
            Repr::I64(n) => Some(n),
            Repr::U64(_) | Repr::F64(_) => None,
        }
    }

    /// The integer, if this is one and is not negative. A float is none, whatever its value.
    pub fn as_u64(self) -> Option<u64> {
        match self.0 {
            Repr::I64(n) => u64::try_from(n).ok(),
            Repr::U64(n) => Some(n),
            Repr::F64(_) => None,
        }
    }

    /// The float, if this is one. An integer is none.
    pub fn as_f64(self) -> Option<f64> {
        match self.0 {
            Repr::F64(bits) => Some(f64::from_bits(bits)),
            Repr::I64(_) | Repr::U64(_) => None,
        }
    }

    /// Reads a number literal of JSON by RE-2: without `.`, `e` and `E` it is an integer, `-0` is 0; any other is the nearest
    /// f64.
    ///
    /// # Errors
    /// `InvalidArgument` for text that is no number of JSON, an integer outside i64 and u64, and a float that is infinite.
    pub fn from_literal(literal: &str) -> Result<Self> {
        let is_number = literal.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        // The raw value leaves out blanks, so text with a blank is shorter after than before.
        let whole = serde_json::from_str::<&RawValue>(literal).is_ok_and(|raw| raw.get().len() == literal.len());
        if !(is_number && whole) {
            return Err(Error::invalid("this is not a number of JSON"));
        }
        Self::from_checked_literal(literal)
    }

    /// As [`Self::from_literal`], for text that is known to be a number of JSON.
    pub(crate) fn from_checked_literal(literal: &str) -> Result<Self> {
        if literal.contains(['.', 'e', 'E']) {
            let float: f64 = literal.parse().map_err(|_| Error::invalid("this is not a number of JSON"))?;
            return Self::try_from(float).map_err(|_| Error::invalid("a number is too large for an f64"));
        }
        let unsigned = || literal.parse::<u64>().map(Self::from);
        literal
            .parse::<i64>()
            .map(Self::from)
            .or_else(|_| unsigned())
            .map_err(|_| Error::invalid("an integer lies outside i64 and u64"))
    }

    /// Compares the exact values (FI-6), whatever the representations: 1 equals 1.0, -0.0 equals 0.0, and 2^53 + 1 is
    /// greater than 2^53 as a float.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self.kind(), other.kind()) {
            // Neither is NaN, so there is always an order.
            (NumberKind::F64(a), NumberKind::F64(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
            (NumberKind::F64(a), _) => compare_integer(other.integer(), a).reverse(),
            (_, NumberKind::F64(b)) => compare_integer(self.integer(), b),
            _ => self.integer().cmp(&other.integer()),
        }
    }

    /// The integer in a type that holds both kinds; a float is cut.
    fn integer(self) -> i128 {
        match self.kind() {
            NumberKind::I64(n) => n.into(),
            NumberKind::U64(n) => n.into(),
            NumberKind::F64(f) => f as i128,
        }
    }
}

/// Compares a 64-bit integer with a finite float. The float cut to a whole number is exact in i128 wherever it matters:
/// beyond that range the cast saturates, and every 64-bit integer lies inside.
fn compare_integer(integer: i128, float: f64) -> Ordering {
    let whole = float.trunc();
    integer.cmp(&(whole as i128)).then_with(|| 0.0_f64.partial_cmp(&(float - whole)).unwrap_or(Ordering::Equal))
}

impl From<i64> for Number {
    fn from(n: i64) -> Self {
        Self(Repr::I64(n))
    }
}

impl From<i32> for Number {
    fn from(n: i32) -> Self {
        Self(Repr::I64(n.into()))
    }
}

impl From<u32> for Number {
    fn from(n: u32) -> Self {
        Self(Repr::I64(n.into()))
    }
}

impl From<u64> for Number {
    fn from(n: u64) -> Self {
        Self(i64::try_from(n).map_or(Repr::U64(n), Repr::I64))
    }
}

impl TryFrom<f64> for Number {
    type Error = Error;

    /// # Errors
    /// `InvalidArgument` for NaN and infinity.
    fn try_from(f: f64) -> Result<Self> {
        if f.is_finite() {
            Ok(Self(Repr::F64(f.to_bits())))
        } else {
            Err(Error::invalid("a number is NaN or infinite"))
        }
    }
}

/// Redacted: the word alone (ER-2).
impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Number")
    }
}

/// Redacted: the type alone (ER-2).
impl fmt::Debug for NumberKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::I64(_) => "I64",
            Self::U64(_) => "U64",
            Self::F64(_) => "F64",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn float(f: f64) -> Number {
        Number::try_from(f).unwrap()
    }

    #[test]
    fn representations_are_kept_apart() {
        assert_ne!(Number::from(1), float(1.0));
        assert_ne!(float(0.0), float(-0.0));
        assert_eq!(Number::from(7_u64), Number::from(7_i64));
        assert_eq!(Number::from(u64::MAX).as_u64(), Some(18446744073709551615));
        assert_eq!(Number::from(u64::MAX).as_i64(), None);
        assert_eq!(Number::from(-1).as_u64(), None);
        assert_eq!(Number::from(1).as_f64(), None);
        assert!(Number::try_from(f64::NAN).is_err());
        assert!(Number::try_from(f64::INFINITY).is_err());
        assert_eq!(format!("{:?} {:?}", Number::from(5), float(1.5).kind()), "Number F64");
    }

    #[test]
    fn comparison_is_exact() {
        use Ordering::{Equal, Greater, Less};
        for (a, b, expected) in [
            (Number::from(1), float(1.0), Equal),
            (float(-0.0), float(0.0), Equal),
            (Number::from(0), float(-0.0), Equal),
            // 2^53 + 1 against 2^53.
            (Number::from(9007199254740993_i64), float(9007199254740992.0), Greater),
            (float(9007199254740992.0), Number::from(9007199254740993_i64), Less),
            (Number::from(-9007199254740993_i64), float(-9007199254740992.0), Less),
            // i64::MAX is 2^63 - 1, the float is 2^63; u64::MAX is 2^64 - 1, the float is 2^64.
            (Number::from(i64::MAX), float(9223372036854775808.0), Less),
            (Number::from(9223372036854775808_u64), float(9223372036854775808.0), Equal),
            (Number::from(u64::MAX), float(18446744073709551616.0), Less),
            (Number::from(i64::MIN), float(-9223372036854775808.0), Equal),
            (Number::from(i64::MIN), float(f64::MIN), Greater),
            (Number::from(u64::MAX), float(f64::MAX), Less),
            (Number::from(u64::MAX), Number::from(-1), Greater),
            (Number::from(2), float(2.5), Less),
            (Number::from(-2), float(-2.5), Greater),
            (Number::from(0), float(5e-324), Less),
            (Number::from(0), float(-5e-324), Greater),
            (float(1.5), float(1.25), Greater),
        ] {
            assert_eq!((a.compare(&b), b.compare(&a)), (expected, expected.reverse()));
        }
    }

    #[test]
    fn literals_follow_their_own_digits() {
        for (literal, expected) in [
            ("0", NumberKind::I64(0)),
            ("-0", NumberKind::I64(0)),
            ("-9223372036854775808", NumberKind::I64(i64::MIN)),
            ("9223372036854775808", NumberKind::U64(9223372036854775808)),
            ("18446744073709551615", NumberKind::U64(u64::MAX)),
            ("1.0", NumberKind::F64(1.0)),
            ("1E0", NumberKind::F64(1.0)),
            ("18446744073709551616.0", NumberKind::F64(18446744073709551616.0)),
            // Half way between two floats: to even, 0x1p53.
            ("9007199254740993.0", NumberKind::F64(9007199254740992.0)),
            ("1.7976931348623157e308", NumberKind::F64(f64::MAX)),
            ("1e-400", NumberKind::F64(0.0)),
        ] {
            assert!(Number::from_literal(literal).unwrap().kind() == expected, "{literal}");
        }
        let minus_zero = Number::from_literal("-0.0").unwrap().as_f64().unwrap();
        assert_eq!(minus_zero.to_bits(), 0x8000_0000_0000_0000);
    }

    #[test]
    fn bad_literals_are_refused() {
        for bad in ["18446744073709551616", "-9223372036854775809", "1e400", "-1e309"] {
            assert!(Number::from_literal(bad).is_err(), "{bad}");
        }
        for bad in
            ["", "-", "+1", ".5", "1.", "01", "1e", "inf", "NaN", " 1", "1 ", "\"1\"", "null", "[1]", "1,2", "0x1"]
        {
            assert!(Number::from_literal(bad).is_err_and(|e| e.message().contains("not a number")), "{bad}");
        }
    }
}
