//! Whether the model reads a whole text: it counts in word pieces, and reads 126 of them.
//!
//! The encoder does not say what it cut, so the pieces are counted here, by the same crate and rules as it uses, over the same
//! list of pieces. That takes a hundredth of the time of the vector, and is left out where a bound shows the answer.

use std::sync::OnceLock;

use memory_core::{Error, Result};
use serde_json::{Map, Value, json};
use tokenizers::Tokenizer;

/// What the model reads of a text: 128 tokens without those that mark its beginning and its end.
const MOST: usize = 126;

/// The pieces of the model's tokenizer, one a line: the vocabulary of BERT base uncased without its special entries.
const PIECES: &str = include_str!("../../data/pieces.txt");

/// Entries that stand for themselves wherever they occur in a text, before anything else is done to it.
const SPECIAL: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

/// Whether a text has more pieces than the model reads.
pub(super) fn too_many(text: &str) -> Result<bool> {
    // No step of the tokenizer makes a text's characters more than its bytes were, and each piece has at least one.
    if text.len() <= MOST {
        return Ok(false);
    }
    // No piece reaches over a blank, and a letter or digit of ASCII is in one. (Of Unicode's blanks, the tokenizer drops those
    // that are control characters, and joins what stands around them.)
    let words = text.split([' ', '\t', '\n', '\r']);
    let words = words.filter(|word| word.bytes().any(|byte| byte.is_ascii_alphanumeric()));
    if words.take(MOST + 1).count() > MOST {
        return Ok(true);
    }
    Ok(count(text)? > MOST)
}

fn count(text: &str) -> Result<usize> {
    static TOKENIZER: OnceLock<Option<Tokenizer>> = OnceLock::new();
    let tokenizer = TOKENIZER.get_or_init(tokenizer).as_ref();
    let tokenizer = tokenizer.ok_or_else(|| Error::internal("the list of word pieces does not load"))?;
    let encoding = tokenizer.encode_fast(text, false);
    Ok(encoding.map_err(|_| Error::internal("a text cannot be cut into word pieces"))?.len())
}

/// The rules of BERT base uncased, as the encoder's own file states them.
fn tokenizer() -> Option<Tokenizer> {
    let vocabulary = SPECIAL.into_iter().chain(PIECES.lines()).enumerate();
    let vocabulary: Map<String, Value> = vocabulary.map(|(id, piece)| (piece.to_owned(), id.into())).collect();
    let special = SPECIAL.into_iter().enumerate().map(|(id, content)| {
        json!({
            "id": id, "content": content, "special": true, "normalized": false,
            "single_word": false, "lstrip": false, "rstrip": false,
        })
    });
    let rules = json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": special.collect::<Vec<Value>>(),
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true,
        },
        "pre_tokenizer": { "type": "BertPreTokenizer" },
        "post_processor": null,
        "decoder": null,
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": vocabulary,
        },
    });
    Tokenizer::from_bytes(serde_json::to_vec(&rules).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The counts are those of the encoder's own tokenizer.json, read by the Python package tokenizers.
    #[test]
    fn counts_are_those_of_a_second_program() {
        let long = "x".repeat(101);
        let counts = [
            ("tea", 1),
            ("Tea, tea.", 4),
            ("embeddings", 4),
            ("don't", 3),
            ("na\u{ef}ve", 1),
            ("e\u{301}", 1),
            ("茶茶", 2),
            ("カタカナ", 4),
            ("한국어", 8),
            ("\u{1f642}", 1),
            ("antidisestablishmentarianism", 8),
            ("[CLS]", 1),
            ("[cls]", 4),
            ("a[MASK]b", 3),
            ("tea\u{b}tea", 2),
            ("tea\u{85}tea", 2),
            ("\u{301}\u{200b}", 0),
            (&long, 1),
        ];
        for (text, pieces) in counts {
            assert_eq!(count(text).unwrap(), pieces, "{text}");
        }
    }

    #[test]
    fn the_126th_piece_is_read_and_the_next_is_not() {
        let long = format!("{} ", "x".repeat(101));
        let fits = [
            "tea ".repeat(126),
            "茶".repeat(126),
            "[CLS]".repeat(126),
            format!("{}tea tea", "embeddings ".repeat(31)),
            "don't ".repeat(42),
            long.repeat(126),
            "tea\u{85}".repeat(127),
        ];
        for text in fits {
            assert!(!too_many(&text).unwrap(), "{text}");
            assert!(text.starts_with("tea\u{85}") || too_many(&format!("{text} 茶")).unwrap(), "{text}");
        }
    }

    #[test]
    fn the_list_belongs_to_the_encoder() {
        let tokenizer = "a9576e4dadfe7f78f071a1c00ba6902cc83ec6ed7e9b590ee974950bd4d54393";
        assert_eq!(pocket_encoder::model_info().tokenizer_sha256, tokenizer);
        assert_eq!(PIECES.lines().count(), 29_523);
    }
}
