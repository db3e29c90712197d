//! The languages that words can be stemmed in.

use std::fmt;
use std::str::FromStr;

use rust_stemmers::Algorithm;

use crate::error::Error;

macro_rules! languages {
    ($($variant:ident $name:literal),* $(,)?) => {
        /// The language whose Snowball stemmer cuts words to their stems (TX-1).
        ///
        /// The list is closed: another language is another version of the analyser.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Language {
            /// Words stay as they are.
            None,
            #[doc = "Stems of English words. The default."]
            #[default]
            English,
            $(#[doc = concat!("Stems of ", stringify!($variant), " words.")] $variant,)*
        }

        impl Language {
            /// Every language, `None` and English first, the others by name.
            pub const ALL: &[Self] = &[Self::None, Self::English, $(Self::$variant),*];

            /// The name in lower case, such as `english`, as it stands in a stored spec.
            pub fn as_str(self) -> &'static str {
                match self {
                    Self::None => "none",
                    Self::English => "english",
                    $(Self::$variant => $name,)*
                }
            }

            /// The stemmer, where there is one.
            pub(super) fn algorithm(self) -> Option<Algorithm> {
                match self {
                    Self::None => None,
                    Self::English => Some(Algorithm::English),
                    $(Self::$variant => Some(Algorithm::$variant),)*
                }
            }
        }
    };
}

languages! {
    Arabic "arabic",
    Danish "danish",
    Dutch "dutch",
    Finnish "finnish",
    French "french",
    German "german",
    Greek "greek",
    Hungarian "hungarian",
    Italian "italian",
    Norwegian "norwegian",
    Portuguese "portuguese",
    Romanian "romanian",
    Russian "russian",
    Spanish "spanish",
    Swedish "swedish",
    Tamil "tamil",
    Turkish "turkish",
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Language {
    type Err = Error;

    /// Reads a name as [`Language::as_str`] gives it.
    ///
    /// # Errors
    /// `InvalidArgument` for any other text; the message lists the known names.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.iter().copied().find(|language| language.as_str() == text).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|language| language.as_str()).collect();
            Error::invalid(format!("unknown language; the known ones are {}", known.join(", ")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        assert_eq!(Language::ALL.len(), 19);
        for language in Language::ALL {
            assert_eq!(language.as_str().parse::<Language>().unwrap(), *language);
        }
        assert_eq!(Language::default(), Language::English);
        assert_eq!("none".parse::<Language>().unwrap(), Language::None);
        assert_eq!(Language::Dutch.to_string(), "dutch");
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones() {
        for name in ["", "English", "klingon", "english "] {
            let error = name.parse::<Language>().unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidArgument);
            assert!(error.message().contains("none, english, arabic"), "{error}");
        }
    }
}
