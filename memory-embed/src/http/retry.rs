//! When a request is repeated.

use std::time::{Duration, SystemTime};

/// The longest pause of [`backoff`], and the first one.
const LONGEST: Duration = Duration::from_secs(20);
const FIRST: Duration = Duration::from_millis(400);

/// The pause before the repetition with this number, from 0: doubled each time, up to 20 s, and by `chance`, from 0 to 1, up to
/// half of it shorter, so that callers who failed together do not come back together.
pub(super) fn backoff(repetition: u32, chance: f64) -> Duration {
    let doubled = FIRST.saturating_mul(2_u32.saturating_pow(repetition)).min(LONGEST);
    doubled.mul_f64(1.0 - 0.5 * chance.clamp(0.0, 1.0))
}

/// The pause that a header Retry-After asks for: seconds, or a date (RFC 9110, section 10.2.3). A date that has passed asks for
/// none; what is neither says nothing.
pub(super) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit_and_chance_shortens_them() {
        let millis = |repetition, chance| backoff(repetition, chance).as_millis();
        assert_eq!(
            [0, 1, 2, 5, 6, 40].map(|repetition| millis(repetition, 0.0)),
            [400, 800, 1600, 12_800, 20_000, 20_000]
        );
        assert_eq!((millis(0, 1.0), millis(1, 0.5)), (200, 600));
    }

    #[test]
    fn a_pause_is_asked_for_in_seconds_or_by_a_date() {
        // Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110, is this many seconds after 1970.
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let seconds = |value| retry_after(value, now).map(|pause| pause.as_secs());
        assert_eq!((seconds("0"), seconds(" 120 ")), (Some(0), Some(120)));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:00 GMT"), Some(0));
        assert_eq!(seconds("99999999999999999999999"), Some(u64::MAX));
        assert_eq!((seconds(""), seconds("-1"), seconds("soon"), seconds("1.5")), (None, None, None, None));
    }
}
