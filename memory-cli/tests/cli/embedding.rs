//! Texts become vectors: what `add`, `import`, `search` and `embed` do with an embedder.

use crate::tool::{Ran, Tool, ran};

/// The label of the embedder `hash`.
const HASH: &str = "hash/1/english/1/256";

impl Tool {
    /// Runs with this embedder; `""` is nobody's choice.
    pub(crate) fn with(&self, embedder: &str, args: &[&str]) -> Ran {
        ran(self.command(args).env("MEMORY_EMBEDDER", embedder))
    }
}

fn document(ran: &Ran) -> serde_json::Value {
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn a_new_collection_gets_the_embedder_and_remembers_it() {
    let tool = Tool::new();
    let made = tool.with("hash", &["add", "the cat sits on a mat", "--id", "cat"]);
    assert_eq!(made.err, format!("made collection memories (256 dimensions, cosine, english/1, embedder {HASH})\n"));
    // Nobody names an embedder any more: the collection knows its own.
    let again = tool.with("", &["add", "dogs run", "--id", "dog"]);
    assert_eq!((again.code, again.err.as_str()), (0, ""));
    let hits = document(&tool.with("", &["--json", "search", "a cat"]));
    assert_eq!(hits["legs"], serde_json::json!({"text": "ran", "vector": "ran"}));
    assert_eq!(hits["hits"][0]["id"], "cat");
    assert_eq!(hits["hits"][0]["vector"]["rank"], 1);
    let get = document(&tool.with("", &["--json", "get", "dog"]));
    assert_eq!(get["records"][0]["embedding"].as_array().unwrap().len(), 256);
}

#[test]
fn a_search_in_mode_text_or_without_an_embedder_goes_by_words_alone() {
    let tool = Tool::new();
    tool.with("hash", &["add", "the cat sits on a mat", "--id", "cat"]);
    for (embedder, args) in
        [("hash", &["--json", "search", "cat", "--mode", "text"] as &[&str]), ("none", &["--json", "search", "cat"])]
    {
        let hits = document(&tool.with(embedder, args));
        assert!(hits.get("legs").is_none(), "{hits}");
        assert_eq!(hits["hits"][0]["id"], "cat");
    }
    let vector = document(&tool.with("", &["--json", "search", "sits", "--mode", "vector"]));
    assert_eq!((vector["hits"][0]["id"].as_str(), vector.get("legs")), (Some("cat"), None));
    // Asked for in so many words, a vector that cannot be made is an error.
    let none = tool.with("none", &["search", "sits", "--mode", "vector"]);
    assert_eq!(
        (none.code, none.err.as_str()),
        (
            1,
            "memoryctl: collection memories has no embedder at hand to make a vector of the text: give one by --vector or --like\n"
        )
    );
}

#[test]
fn a_vector_that_is_given_counts_before_the_text() {
    let tool = Tool::new();
    tool.with("hash", &["create", "pairs", "--embedder", "hash?dimension=2"]);
    let label = "hash/1/english/1/2";
    assert!(tool.ok(&["collections"]).contains(label));
    assert_eq!(tool.with("", &["--collection", "pairs", "add", "words", "--id", "a", "--vector", "[3,4]"]).code, 0);
    let get = document(&tool.with("", &["--json", "--collection", "pairs", "get", "a"]));
    assert_eq!(get["records"][0]["embedding"], serde_json::json!([3.0, 4.0]));
}

#[test]
fn another_embedder_is_a_conflict_that_names_both_and_the_way_on() {
    let tool = Tool::new();
    tool.with("hash", &["add", "the cat", "--id", "cat"]);
    let other = "hash/1/english/1/64";
    for args in [&["add", "a dog"] as &[&str], &["search", "a dog"]] {
        let ran = tool.with("hash?dimension=64", args);
        assert_eq!(
            (ran.code, ran.err),
            (
                1,
                format!(
                    "memoryctl: embed: conflict: collection memories has the vectors of the embedder {HASH}, so it takes none \
                     of {other}: use the embedder that it has, or none, or copy it into a new collection, as `memoryctl embed \
                     --collection memories --to NAME` does [sqlite]\n"
                )
            ),
            "{args:?}"
        );
    }
    // A flag that cannot be obeyed is an error too; what a configuration says in general is passed over, and said.
    tool.ok(&["create", "words"]);
    assert_eq!(tool.with("", &["--collection", "words", "--embedder", "hash", "add", "a dog"]).code, 1);
    let general = tool.with("hash", &["--collection", "words", "add", "a dog"]);
    assert_eq!(
        (general.code, general.err.as_str()),
        (0, "collection words is text only: its texts are found by their words alone\n")
    );
}

#[test]
fn a_text_only_collection_stays_so_and_says_it_once() {
    let tool = Tool::new();
    tool.ok(&["create", "words"]);
    let told = "collection words is text only: its texts are found by their words alone\n";
    let lines: String =
        (0..300).map(|n| format!("{{\"id\":\"{n}\",\"namespace\":[\"n\"],\"content\":\"cat {n}\"}}\n")).collect();
    let file = tool.file("lines.jsonl", lines);
    for args in [&["add", "a cat", "--id", "a"] as &[&str], &["import", &file], &["search", "cat"]] {
        let ran = tool.with("", &[&["--collection", "words"], args].concat());
        assert_eq!((ran.code, ran.err.matches(told).count()), (0, 1), "{args:?} {ran:?}");
    }
    assert!(tool.ok(&["collections"]).contains("words (text only"));
}

#[test]
fn vectors_of_no_embedder_are_left_as_they_are() {
    let tool = Tool::new();
    tool.ok(&["create", "points", "--dimension", "2"]);
    let ran = tool.with("", &["--collection", "points", "add", "a cat", "--id", "a"]);
    let told = "collection points has vectors of no embedder that it knows: texts get none from here\n";
    assert_eq!((ran.code, ran.err.as_str()), (0, told));
    let flag = tool.with("", &["--collection", "points", "--embedder", "hash", "search", "cat"]);
    assert_eq!(flag.code, 1);
    assert!(flag.err.contains("has vectors of no embedder that it knows"), "{flag:?}");
    let unknown = tool.with("", &["--collection", "points", "search", "cat"]);
    assert_eq!((unknown.code, unknown.err.as_str()), (0, told));
}

#[test]
fn a_vector_of_another_dimension_is_refused() {
    let tool = Tool::new();
    tool.with("hash", &["add", "the cat", "--id", "cat"]);
    let add = tool.with("", &["add", "a dog", "--id", "dog", "--vector", "[1,2,3]"]);
    let told = "memoryctl: put: invalid argument: record default/dog has 3 dimensions, but collection memories has 256 [sqlite]\n";
    assert_eq!((add.code, add.err.as_str()), (1, told));
    let search = tool.with("", &["search", "--vector", "[1,2,3]"]);
    let told =
        "memoryctl: search: invalid argument: the query has 3 dimensions, but collection memories has 256 [sqlite]\n";
    assert_eq!((search.code, search.err.as_str()), (1, told));
}

#[test]
fn import_embeds_and_goes_on_where_it_stopped() {
    let tool = Tool::new();
    let lines: Vec<String> = (0..300).map(|n| format!("{{\"text\":\"cat number {n}\"}}\n")).collect();
    let fields = ["--content-field", "text"];
    let first = tool.file("lines.jsonl", lines[..200].concat());
    let import = |file: &str| document(&tool.with("hash", &[&["--json", "import", file], &fields[..]].concat()));
    assert_eq!(import(&first), serde_json::json!({"imported": 200, "collection": "memories"}));
    let all = tool.file("lines.jsonl", lines.concat());
    assert_eq!(import(&all), serde_json::json!({"imported": 100, "unchanged": 200, "collection": "memories"}));
    assert_eq!(import(&all), serde_json::json!({"imported": 0, "unchanged": 300, "collection": "memories"}));
    assert_eq!(tool.ok(&["count"]), "300\n");
    let hits = document(&tool.with("", &["--json", "search", "cat number 299", "--mode", "vector", "--limit", "1"]));
    assert_eq!(
        hits["hits"][0]["score"].as_f64().unwrap().mul_add(1e6, 0.5).floor(),
        1e6,
        "its own vector, to f32's rounding"
    );
}

#[test]
fn an_export_is_imported_as_it_is_with_its_label_and_without_an_embedder() {
    let tool = Tool::new();
    tool.with("hash", &["add", "the cat", "--id", "cat"]);
    tool.with("none", &["add", "no vector", "--id", "bare"]);
    let file = tool.arg("all.jsonl");
    tool.ok(&["export", &file]);
    let copy = Tool::new();
    assert_eq!(copy.with("", &["import", &file]).code, 0);
    assert!(copy.ok(&["collections"]).contains(HASH));
    assert_eq!(copy.ok(&["export", "-"]), std::fs::read_to_string(&file).unwrap());
}

#[test]
fn embed_copies_a_collection_and_repeated_does_nothing_twice() {
    let tool = Tool::new();
    tool.ok(&["create", "words"]);
    for (id, text) in [("a", "the cat"), ("b", "the dog"), ("c", " ")] {
        tool.ok(&["--collection", "words", "add", text, "--id", id, "--kind", "fact"]);
    }
    let embed =
        |args: &[&str]| tool.with("hash", &[&["--json", "--collection", "words", "embed", "--to"], args].concat());
    let answer = |embedded, unchanged| serde_json::json!({"embedded": embedded, "unchanged": unchanged, "cut": 0, "collection": "meaning", "embedder": HASH});
    assert_eq!(document(&embed(&["meaning"])), answer(3, 0));
    assert_eq!(document(&embed(&["meaning"])), answer(0, 3));
    tool.ok(&["--collection", "words", "add", "the bird", "--id", "d"]);
    assert_eq!(document(&embed(&["meaning"])), answer(1, 3));
    let all = |collection| {
        let mut records =
            tool.json(&["--collection", collection, "list", "--order", "created-ascending"])["records"].clone();
        for record in records.as_array_mut().unwrap() {
            record.as_object_mut().unwrap().remove("embedding");
        }
        records
    };
    assert_eq!(all("meaning"), all("words"), "nothing but the vectors differs");
    assert_eq!(embed(&["words"]).code, 2);
    let none = tool.with("none", &["--collection", "words", "embed", "--to", "other"]);
    assert_eq!(
        (none.code, none.err.as_str()),
        (2, "memoryctl: MEMORY_EMBEDDER says none: name the embedder to copy with\n")
    );
    // A collection of another spec has the name already.
    assert_eq!(tool.with("hash?dimension=64", &["--collection", "words", "embed", "--to", "meaning"]).code, 1);
}

/// Five facts, and questions that share no word with them.
#[cfg(feature = "builtin")]
#[test]
fn questions_find_facts_that_they_share_no_word_with() {
    let tool = Tool::new();
    let facts = [
        ("bread", "Maria bakes sourdough bread every Sunday morning."),
        ("flight", "The flight to Lisbon was cancelled because of fog."),
        ("allergy", "Tom is allergic to peanuts and shellfish."),
        ("invoice", "The invoice of the roofing company is still unpaid."),
        ("guitar", "Ines plays the guitar in a jazz band."),
    ];
    for (id, text) in facts {
        assert_eq!(tool.with("", &["add", text, "--id", id]).code, 0);
    }
    let questions = [
        ("which foods must be avoided at dinner?", "allergy"),
        ("who makes music?", "guitar"),
        ("bad weather stopped a plane", "flight"),
        ("money that we owe for repairs", "invoice"),
        ("a weekend hobby in the kitchen", "bread"),
    ];
    let first = |question: &str| {
        let hits = document(&tool.with("", &["--json", "search", question, "--limit", "1"]));
        hits["hits"][0]["id"].as_str().unwrap_or_default().to_owned()
    };
    let right = questions.iter().filter(|(question, id)| first(question) == *id).count();
    assert!(right >= 4, "only {right} of 5 questions found their fact first");
}
