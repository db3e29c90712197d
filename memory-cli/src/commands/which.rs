//! Which records a verb is about: those that match a filter and were made between two times.

use memory_core::{Filter, Timestamp};

use crate::failure::Failure;
use crate::parse::{self, Moment};

/// The filter and the times.
#[derive(clap::Args)]
#[group(id = "which")]
pub(crate) struct Which {
    /// Only records that match: kind = "fact" and metadata.priority >= 3, or a filter in JSON
    #[arg(long, value_name = "FILTER", value_parser = parse::FilterParser)]
    filter: Option<Filter>,
    /// Only records made then or later: so long ago (12h, 7d), on a day (2026-01-31), or at a time (2026-01-31T09:30:00Z)
    #[arg(long, value_name = "TIME", value_parser = parse::moment)]
    since: Option<Moment>,
    /// Only records made before that time, written as for --since
    #[arg(long, value_name = "TIME", value_parser = parse::moment)]
    until: Option<Moment>,
}

impl Which {
    /// Whether anything was asked.
    pub(crate) fn is_asked(&self) -> bool {
        self.filter.is_some() || self.since.is_some() || self.until.is_some()
    }

    /// Whether a time depends on when the program runs.
    pub(crate) fn is_counted_from_now(&self) -> bool {
        [self.since, self.until].iter().any(|moment| matches!(moment, Some(Moment::Ago(_))))
    }

    /// All that was asked, in one filter.
    pub(crate) fn filter(&self, now: Timestamp) -> Result<Filter, Failure> {
        let (since, until) = self.times(now)?;
        let times = [since.map(|at| Filter::created_at().ge(at)), until.map(|at| Filter::created_at().lt(at))];
        let times: Vec<Filter> = times.into_iter().flatten().collect();
        // Where there is a chain already the times join it, so that the tree gets no deeper.
        Ok(match self.filter.clone() {
            Some(filter) if times.is_empty() => filter,
            Some(Filter::And(parts)) => Filter::and(parts.into_iter().chain(times)),
            other => Filter::and(other.into_iter().chain(times)),
        })
    }

    /// The options that ask for the same times whenever the program runs, if any depends on it; a blank before each.
    pub(crate) fn times_from(&self, now: Timestamp) -> Result<String, Failure> {
        if !self.is_counted_from_now() {
            return Ok(String::new());
        }
        let (since, until) = self.times(now)?;
        let option = |name: &str, at: Option<Timestamp>| at.map(|at| format!(" --{name}={at}")).unwrap_or_default();
        Ok(option("since", since) + &option("until", until))
    }

    fn times(&self, now: Timestamp) -> Result<(Option<Timestamp>, Option<Timestamp>), Failure> {
        let since = self.since.map(|moment| at("since", moment, now)).transpose()?;
        let until = self.until.map(|moment| at("until", moment, now)).transpose()?;
        match (since, until) {
            (Some(since), Some(until)) if since > until => Err(Failure::Usage(format!(
                "--since ({since}) is later than --until ({until}): nothing lies between them"
            ))),
            times => Ok(times),
        }
    }
}

fn at(option: &str, moment: Moment, now: Timestamp) -> Result<Timestamp, Failure> {
    match moment {
        Moment::At(at) => Ok(at),
        Moment::Ago(duration) => {
            let micros = i64::try_from(duration.as_micros()).ok().and_then(|micros| now.micros().checked_sub(micros));
            let at = micros.and_then(|micros| Timestamp::from_micros(micros).ok());
            at.ok_or_else(|| Failure::Usage(format!("--{option} lies before the year 1")))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn which(filter: Option<Filter>, since: Option<&str>, until: Option<&str>) -> Which {
        let moment = |text: Option<&str>| text.map(|text| parse::moment(text).unwrap());
        Which { filter, since: moment(since), until: moment(until) }
    }

    const NOW: &str = "2026-03-08T12:00:00Z";

    #[test]
    fn filter_and_times_are_one_filter() {
        let (fact, week_ago) = (Filter::kind().eq("fact"), Filter::created_at().ge(time("2026-03-01T12:00:00Z")));
        let before_march = Filter::created_at().lt(time("2026-03-01T00:00:00Z"));
        for (which, filter) in [
            (which(None, None, None), Filter::all()),
            (which(Some(fact.clone()), None, None), fact.clone()),
            (which(None, Some("7d"), None), Filter::and([week_ago.clone()])),
            (
                which(None, Some("2026-02-01"), Some("2026-03-01")),
                Filter::and([Filter::created_at().ge(time("2026-02-01T00:00:00Z")), before_march.clone()]),
            ),
            (which(Some(fact.clone()), None, Some("2026-03-01")), Filter::and([fact.clone(), before_march])),
            (
                which(Some(Filter::and([fact.clone(), !fact.clone()])), Some("1w"), None),
                Filter::and([fact.clone(), !fact, week_ago]),
            ),
        ] {
            assert!(which.filter(time(NOW)).unwrap() == filter, "{}", filter.to_text());
        }
    }

    #[test]
    fn times_that_make_no_sense_are_refused() {
        for (since, until) in [
            ("7d", "8d"),
            ("2026-03-01T00:00:00.000001Z", "2026-03-01"),
            ("2027-01-01", "1s"),
            ("200000w", "1d"),
            ("1d", "9999999999999999s"),
        ] {
            assert!(
                matches!(which(None, Some(since), Some(until)).filter(time(NOW)), Err(Failure::Usage(_))),
                "{since} {until}"
            );
        }
        assert!(which(None, Some("2026-03-01"), Some("2026-03-01")).filter(time(NOW)).is_ok());
        let longest = Which { filter: None, since: Some(Moment::Ago(Duration::MAX)), until: None };
        assert!(longest.filter(time(NOW)).is_err());
    }

    #[test]
    fn times_counted_from_now_can_be_asked_for_again() {
        let first = which(None, Some("7d"), Some("2026-03-05"));
        let times = first.times_from(time(NOW)).unwrap();
        assert_eq!(times, " --since=2026-03-01T12:00:00.000000Z --until=2026-03-05T00:00:00.000000Z");
        let again = which(None, Some("2026-03-01T12:00:00.000000Z"), Some("2026-03-05T00:00:00.000000Z"));
        assert!(again.filter(time("2026-04-01T00:00:00Z")).unwrap() == first.filter(time(NOW)).unwrap());
        assert_eq!(again.times_from(time(NOW)).unwrap(), "");
    }
}
