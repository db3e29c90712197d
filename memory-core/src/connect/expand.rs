//! `${VAR}` in a value of a configuration file.

use super::Environment;
use crate::error::{Error, Result};

/// Puts environment variables into a value, once: what they hold is not looked at again.
///
/// `${NAME}` is the variable, which has to be set; `${NAME:-text}` is `text` where it is unset or empty, as in shells. A `$`
/// without `{` behind it stands for itself, and `$${` is written where `${` is meant. `through` is applied to each value
/// that is put in, such as percent-encoding where the text is a URL.
///
/// # Errors
/// `InvalidArgument` naming a variable that is not set, or saying what is wrong with the form; the text is not in it.
pub fn expand(text: &str, environment: &Environment<'_>, through: impl Fn(String) -> String) -> Result<String> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, after) = (&rest[..at], &rest[at + 2..]);
        if let Some(before) = before.strip_suffix('$') {
            expanded.push_str(before);
            expanded.push_str("${");
            rest = after;
            continue;
        }
        let (inside, after) = after.split_once('}').ok_or_else(malformed)?;
        expanded.push_str(before);
        expanded.push_str(&through(value(inside, environment)?));
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// What stands for the text between the braces.
fn value(inside: &str, environment: &Environment<'_>) -> Result<String> {
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    let letters = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !letters || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(malformed());
    }
    if default.is_some_and(|default| default.contains("${")) {
        return Err(Error::invalid(format!(
            "the default of ${{{name}}} holds another variable; a default is plain text"
        )));
    }
    match (environment(name), default) {
        (Some(value), None) => Ok(value),
        (Some(value), Some(_)) if !value.is_empty() => Ok(value),
        (_, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(Error::invalid(format!(
            "the environment variable {name} is not set; set it, or write ${{{name}:-…}} with a default"
        ))),
    }
}

fn malformed() -> Error {
    Error::invalid(
        "behind ${ there is no name of a variable with its }; write $${ if the characters themselves are meant",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        match name {
            "A" => Some("one".to_owned()),
            "EMPTY" => Some(String::new()),
            "NESTED" => Some("${A} $${A}".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn variables_are_put_in_once() {
        for (text, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("${A}", "one"),
            ("x${A}y${A}", "xoneyone"),
            ("${EMPTY}", ""),
            ("${EMPTY:-two}", "two"),
            ("${NONE:-two}", "two"),
            ("${NONE:-}", ""),
            ("${NONE:-a:-b}", "a:-b"),
            ("${A:-two}", "one"),
            ("${NESTED}", "${A} $${A}"),
            ("$A $ $$ $$A 5$", "$A $ $$ $$A 5$"),
            ("$${A}", "${A}"),
            ("$$${A}", "$${A}"),
            ("${A}$${A}}", "one${A}}"),
        ] {
            assert_eq!(expand(text, &environment, |value| value).unwrap(), expected, "{text}");
        }
        assert_eq!(expand("o${A}", &environment, |value| value.to_uppercase()).unwrap(), "oONE");
    }

    #[test]
    fn what_cannot_be_expanded_is_said_without_the_text() {
        let error = |text: &str| expand(text, &environment, |value| value).unwrap_err().to_string();
        assert_eq!(
            error("hunter2${NONE}"),
            "invalid argument: the environment variable NONE is not set; set it, or write ${NONE:-…} with a default"
        );
        for text in ["hunter2${", "hunter2${}", "hunter2${A", "hunter2${1A}", "hunter2${A B}", "hunter2${A:+x}"] {
            assert_eq!(
                error(text),
                "invalid argument: behind ${ there is no name of a variable with its }; write $${ if the characters \
                 themselves are meant"
            );
        }
        assert_eq!(
            error("${NONE:-${A}}"),
            "invalid argument: the default of ${NONE} holds another variable; a default is plain text"
        );
    }
}
