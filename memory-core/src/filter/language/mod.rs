//! The filter language: what the JSON form says, for people to write.

mod cursor;
mod parser;
mod write;

use super::Filter;
use super::field::Field;
use crate::error::Result;

/// The tests as the language and the JSON form call them. One that begins like another stands before it.
const TESTS: [(&str, &str); 12] = [
    ("=", "eq"),
    ("!=", "ne"),
    ("<", "lt"),
    ("<=", "le"),
    (">", "gt"),
    (">=", "ge"),
    ("in", "in"),
    ("not in", "not_in"),
    ("starts with", "starts_with"),
    ("contains any", "contains_any"),
    ("contains all", "contains_all"),
    ("contains", "contains"),
];

/// How deep parentheses, `not`, `all` and `any` may be nested, so that no text exhausts the stack. Twice the depth of a tree:
/// each of its levels takes one at most, and the rest is for parentheses that need not be there.
const MAX_NESTING: usize = 2 * Filter::MAX_DEPTH;

impl Filter {
    /// Reads the filter language.
    ///
    /// | written | is |
    /// |---|---|
    /// | `kind = "fact"`, `!=`, `<`, `<=`, `>`, `>=` | `eq`, `ne`, `lt`, `le`, `gt`, `ge` |
    /// | `kind in ["a", "b"]`, `kind not in ["a"]` | `in`, `not_in` |
    /// | `content starts with "To"` | `starts_with` |
    /// | `tags contains "a"`, `tags contains any ["a", "b"]`, `tags contains all ["a", "b"]` | `contains`, `contains_any`, `contains_all` |
    /// | `exists(expires_at)`, `absent(expires_at)` | `exists` with true, with false |
    /// | `metadata.project.stars`, `metadata."a.b"."c d"` | the path `["project", "stars"]`, `["a.b", "c d"]` |
    /// | `F and G and H`, `F or G`, `not F`, `(F)` | `And [F, G, H]`, `Or [F, G]`, `Not F`, F |
    /// | `all()`, `all(F)`, `any()`, `any(F, G)` | `And []`, `And [F]`, `Or []`, `Or [F, G]` |
    ///
    /// `not` binds before `and`, `and` before `or`. Parentheses around a chain keep it one node: `(F and G) and H` is `And [And
    /// [F, G], H]`. The words of the language are taken in capitals too; fields, and keys, which are data, are not. A key of
    /// ASCII letters, digits, `_` and `-` needs no quotes. Operands are JSON (RE-2), times are strings (RE-3). What is meant is
    /// what the tree means (SPEC 5); the filter passes [`Filter::check`].
    ///
    /// # Errors
    /// `InvalidArgument` with the offset of what is wrong, what is expected there, and the nearest field or test; it quotes the
    /// names of fields, never an operand (ER-2). Without an offset where the filter as a whole is too large.
    ///
    /// ```
    /// use memory_core::Filter;
    ///
    /// let text = r#"kind = "preference" and metadata.priority >= 3 and not (tags contains "old" or exists(metadata.done))"#;
    /// let filter = Filter::parse(text)?;
    /// let old = Filter::or([Filter::tags().contains("old"), Filter::metadata(["done"]).exists(true)]);
    /// let all = [Filter::kind().eq("preference"), Filter::metadata(["priority"]).ge(3), !old];
    /// assert_eq!(filter, Filter::and(all));
    /// assert_eq!(filter.to_text(), text);
    /// # Ok::<(), memory_core::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self> {
        let filter = parser::read(text)?;
        filter.check()?;
        Ok(filter)
    }

    /// The filter in the language of [`Filter::parse`]. A filter that passes [`Filter::check`] reads back as the same tree. The
    /// text holds the operands: it is for whoever wrote them, not for logs (ER-2).
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        write::write(&mut out, self);
        out
    }
}

impl Field {
    /// The tests that the field takes, apart from `exists` and `absent` (FI-1).
    fn tests(&self) -> &'static [&'static str] {
        match self {
            Self::Text(_) => &["=", "!=", "<", "<=", ">", ">=", "in", "not in", "starts with"],
            Self::Time(_) => &["=", "!=", "<", "<=", ">", ">=", "in", "not in"],
            Self::Tags => &["=", "!=", "contains", "contains any", "contains all"],
            Self::Embedding => &[],
            Self::Metadata(_) => &[
                "=",
                "!=",
                "<",
                "<=",
                ">",
                ">=",
                "in",
                "not in",
                "starts with",
                "contains",
                "contains any",
                "contains all",
            ],
        }
    }
}

/// Whether a key or word is written without quotes.
fn is_bare(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(is_word)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}
