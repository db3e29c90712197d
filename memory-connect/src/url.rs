//! What stands behind the scheme of a store's URL, cut into keys and values. No value is in an error.

use std::net::Ipv6Addr;

use memory_core::connect::Address;
use memory_core::{Error, Result};

use crate::percent::percent_decoded;

/// Keys and values, in the order of the text.
pub(crate) type Pairs = Vec<(String, String)>;

/// Reads what stands behind `scheme:`.
///
/// # Errors
/// `InvalidArgument` saying what form the URL should have.
pub(crate) fn parse(scheme: &str, rest: &str, address: Address) -> Result<Pairs> {
    let (place, query) = match rest.split_once('?') {
        Some((place, query)) => (place, Some(query)),
        None => (rest, None),
    };
    let mut pairs = match address {
        Address::Nothing if place.is_empty() => Vec::new(),
        Address::Nothing => return Err(Error::invalid(format!("nothing follows {scheme}:"))),
        Address::Path(key) => vec![(key.to_owned(), path(scheme, place)?)],
        Address::Server { path } => server(scheme, place, path)?,
    };
    for piece in query.into_iter().flat_map(|query| query.split('&')) {
        let Some((key, value)) = piece.split_once('=') else {
            return Err(Error::invalid("behind ? stand settings as key=value, with & between them"));
        };
        pairs.push((percent_decoded(key)?, percent_decoded(value)?));
    }
    Ok(pairs)
}

fn path(scheme: &str, place: &str) -> Result<String> {
    if place.is_empty() {
        return Err(Error::invalid(format!("a path belongs after {scheme}:, as in {scheme}:PATH")));
    }
    // Programs disagree on what sqlite:///a and sqlite://a mean.
    if place.starts_with("//") {
        let message = "the path follows the colon without slashes of its own";
        return Err(Error::invalid(format!("{message}, as in {scheme}:memories.db or {scheme}:/var/lib/memories.db")));
    }
    percent_decoded(place)
}

fn server(scheme: &str, place: &str, path_key: Option<&str>) -> Result<Pairs> {
    let Some(rest) = place.strip_prefix("//") else {
        return Err(Error::invalid(format!(
            "two slashes and a host belong after {scheme}:, as in {scheme}://localhost"
        )));
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if path.contains('@') {
        // Else a piece of a password would be taken for a name, and shown.
        return Err(Error::invalid("behind the first / an @ is written %40; a / in a password is written %2F"));
    }
    // The last one, so that a password may hold the character as it is.
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let mut pairs = Vec::new();
    let mut push = |key: &str, value: &str| percent_decoded(value).map(|value| pairs.push((key.to_owned(), value)));
    if let Some(user) = user {
        let (user, password) = user.split_once(':').map_or((user, None), |(user, password)| (user, Some(password)));
        if !user.is_empty() {
            push("user", user)?;
        }
        password.map_or(Ok(()), |password| push("password", password))?;
    }
    let (host, port) = host_and_port(host)?;
    if !host.is_empty() {
        push("host", host)?;
    }
    port.map_or(Ok(()), |port| push("port", port))?;
    match path_key {
        Some(key) if !path.is_empty() => push(key, path)?,
        None if !path.is_empty() => return Err(Error::invalid(format!("no path follows the host of {scheme}:"))),
        _ => {}
    }
    Ok(pairs)
}

/// The host, without brackets, and the port.
fn host_and_port(text: &str) -> Result<(&str, Option<&str>)> {
    let Some(bracketed) = text.strip_prefix('[') else {
        let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
        if port.is_some_and(|port| port.contains(':')) {
            return Err(Error::invalid(
                "an IPv6 address stands in brackets, as in [::1]:80; a / or ? in a password is \
                                       written %2F or %3F",
            ));
        }
        return Ok((host, port));
    };
    let wrong =
        || Error::invalid("in brackets stands an IPv6 address, and behind them a port or nothing, as in [::1]:80");
    let (host, rest) = bracketed.split_once(']').ok_or_else(wrong)?;
    let decoded = percent_decoded(host)?;
    // A zone, such as %eth0, may follow the address.
    decoded.split('%').next().unwrap_or_default().parse::<Ipv6Addr>().map_err(|_| wrong())?;
    match rest.strip_prefix(':') {
        Some(port) => Ok((host, Some(port))),
        None if rest.is_empty() => Ok((host, None)),
        None => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: Address = Address::Server { path: Some("database") };

    fn read(rest: &str, address: Address) -> String {
        match parse("acme", rest, address) {
            Ok(pairs) => pairs.iter().map(|(key, value)| format!("{key}={value};")).collect(),
            Err(error) => error.message().to_owned(),
        }
    }

    #[test]
    fn paths_are_read() {
        for (rest, expected) in [
            ("a.db", "path=a.db;"),
            ("/a b:c#d.db", "path=/a b:c#d.db;"),
            (":memory:", "path=:memory:;"),
            ("100%25%3F.db?k=5&d=30s", "path=100%?.db;k=5;d=30s;"),
            ("a?k=", "path=a;k=;"),
            ("a?k=b=c?d", "path=a;k=b=c?d;"),
            ("a?k=1+1%26", "path=a;k=1+1&;"),
            ("", "a path belongs after acme:, as in acme:PATH"),
            ("?k=5", "a path belongs after acme:, as in acme:PATH"),
            (
                "///a",
                "the path follows the colon without slashes of its own, as in acme:memories.db or acme:/var/lib/memories.db",
            ),
            ("a%zz", "behind % there are no two hexadecimal digits; write %25 for the character itself"),
            ("a?", "behind ? stand settings as key=value, with & between them"),
            ("a?k=5&", "behind ? stand settings as key=value, with & between them"),
            ("a?hunter2", "behind ? stand settings as key=value, with & between them"),
        ] {
            assert_eq!(read(rest, Address::Path("path")), expected, "{rest}");
        }
        assert_eq!(read("", Address::Nothing), "");
        assert_eq!(read("?k=5", Address::Nothing), "k=5;");
        assert_eq!(read("x", Address::Nothing), "nothing follows acme:");
    }

    #[test]
    fn servers_are_read() {
        for (rest, expected) in [
            ("//db", "host=db;"),
            ("//db:5432/memories", "host=db;port=5432;database=memories;"),
            ("//ada@db/", "user=ada;host=db;"),
            ("//ada:p%40s%2Fs:w@rd@db", "user=ada;password=p@s/s:w@rd;host=db;"),
            ("//:secret@db", "password=secret;host=db;"),
            ("//ada:@db", "user=ada;password=;host=db;"),
            ("//[::1]:80/a/b", "host=::1;port=80;database=a/b;"),
            ("//[fe80::1%25eth0]", "host=fe80::1%eth0;"),
            ("//%2Fvar%2Frun/m", "host=/var/run;database=m;"),
            ("//?host=db", "host=db;"),
            ("//db:/m", "host=db;port=;database=m;"),
            ("///m", "database=m;"),
            ("db", "two slashes and a host belong after acme:, as in acme://localhost"),
        ] {
            assert_eq!(read(rest, SERVER), expected, "{rest}");
        }
        for (rest, expected) in [
            (
                "//::1",
                "an IPv6 address stands in brackets, as in [::1]:80; a / or ? in a password is written %2F or %3F",
            ),
            (
                "//ada:x:y",
                "an IPv6 address stands in brackets, as in [::1]:80; a / or ? in a password is written %2F or %3F",
            ),
            ("//ada:1/z@db", "behind the first / an @ is written %40; a / in a password is written %2F"),
            ("//[::1", "in brackets stands an IPv6 address, and behind them a port or nothing, as in [::1]:80"),
            ("//[::1]80", "in brackets stands an IPv6 address, and behind them a port or nothing, as in [::1]:80"),
            ("//[db]", "in brackets stands an IPv6 address, and behind them a port or nothing, as in [::1]:80"),
        ] {
            assert_eq!(read(rest, SERVER), expected, "{rest}");
        }
        assert_eq!(read("//db/m", Address::Server { path: None }), "no path follows the host of acme:");
        assert_eq!(read("//db/", Address::Server { path: None }), "host=db;");
    }
}
