//! What a run of the suite found, as JSON (`report.schema.json`) and as a page.

mod html;

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use memory_core::{Capabilities, Switch};
use serde_json::{Value, json};

pub use html::page;

/// The version of the JSON form.
pub const FORMAT: u64 = 1;

/// One case and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Entry {
    /// The rule: `FI-4`.
    pub rule: String,
    /// The test: `fi_04::not_is_the_set_complement`.
    pub test: String,
    /// The source file of the case.
    pub file: String,
    /// How it ended.
    pub verdict: Verdict,
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Verdict {
    /// The rule holds.
    Passed,
    /// It does not, or the case could not find out.
    Failed(String),
    /// The case does not apply to this backend, for this reason.
    NotApplicable(String),
}

/// What a run found on one backend.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The column.
    pub backend: String,
    /// What was tested, the suite first.
    pub versions: Vec<(String, String)>,
    /// Facts, switches and limits, as words.
    pub capabilities: Vec<(String, String)>,
    /// The cases, by name.
    pub entries: Vec<Entry>,
}

impl Report {
    pub(crate) fn new(
        backend: String,
        capabilities: &Capabilities,
        versions: Vec<(String, String)>,
        mut entries: Vec<Entry>,
    ) -> Self {
        entries.sort_by(|a, b| a.test.cmp(&b.test));
        let suite = ("memory-conformance".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
        let versions = [suite].into_iter().chain(versions).collect();
        Self { backend, versions, capabilities: words(capabilities), entries }
    }

    /// The JSON form; `report.schema.json` describes it.
    pub fn to_json(&self) -> String {
        let pairs = |pairs: &[(String, String)]| -> Value {
            pairs.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
        };
        let entries: Value = self.entries.iter().map(|entry| {
            let (verdict, detail) = match &entry.verdict {
                Verdict::Passed => ("passed", ""),
                Verdict::Failed(message) => ("failed", message.as_str()),
                Verdict::NotApplicable(reason) => ("not_applicable", reason.as_str()),
            };
            json!({ "rule": entry.rule, "test": entry.test, "file": entry.file, "verdict": verdict, "detail": detail })
        }).collect();
        let report = json!({
            "format": FORMAT,
            "backend": self.backend,
            "versions": pairs(&self.versions),
            "capabilities": pairs(&self.capabilities),
            "entries": entries,
        });
        format!("{report:#}\n")
    }

    /// Reads the JSON form back; `None` for anything else.
    pub fn from_json(text: &str) -> Option<Self> {
        let report: Value = serde_json::from_str(text).ok()?;
        if report["format"] != FORMAT {
            return None;
        }
        let pairs = |value: &Value| -> Option<Vec<(String, String)>> {
            value.as_array()?.iter().map(|pair| Some((string(&pair["name"])?, string(&pair["value"])?))).collect()
        };
        let entry = |value: &Value| -> Option<Entry> {
            let verdict = match value["verdict"].as_str()? {
                "passed" => Verdict::Passed,
                "failed" => Verdict::Failed(string(&value["detail"])?),
                "not_applicable" => Verdict::NotApplicable(string(&value["detail"])?),
                _ => return None,
            };
            Some(Entry {
                rule: string(&value["rule"])?,
                test: string(&value["test"])?,
                file: string(&value["file"])?,
                verdict,
            })
        };
        Some(Self {
            backend: string(&report["backend"])?,
            versions: pairs(&report["versions"])?,
            capabilities: pairs(&report["capabilities"])?,
            entries: report["entries"].as_array()?.iter().map(entry).collect::<Option<_>>()?,
        })
    }

    /// Writes the report into the folder that `MEMORY_REPORT_DIR` names, if it does.
    pub(crate) fn write_if_asked(&self) -> io::Result<()> {
        let Some(folder) = env::var_os("MEMORY_REPORT_DIR").map(PathBuf::from) else { return Ok(()) };
        fs::create_dir_all(&folder)?;
        let name: String = self.backend.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        fs::write(folder.join(format!("{name}.json")), self.to_json())
    }

    /// Reads every report of a folder, by file name.
    ///
    /// # Errors
    /// Those of the file system; `InvalidData` names a file that is no report.
    pub fn read_all(folder: &Path) -> io::Result<Vec<Self>> {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        paths.sort();
        let read = |path: PathBuf| {
            let text = fs::read_to_string(&path)?;
            let invalid = || io::Error::new(io::ErrorKind::InvalidData, format!("{} is no report", path.display()));
            Self::from_json(&text).ok_or_else(invalid)
        };
        paths.into_iter().map(read).collect()
    }
}

fn string(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn words(capabilities: &Capabilities) -> Vec<(String, String)> {
    let (facts, limits) = (&capabilities.facts, &capabilities.limits);
    let bound = |limit: Option<u64>| limit.map_or("none".to_owned(), |limit| limit.to_string());
    let mut words = vec![
        ("place".to_owned(), format!("{:?}", facts.place)),
        ("durable".to_owned(), facts.durable.to_string()),
        ("sharing".to_owned(), format!("{:?}", facts.sharing)),
        ("consistency".to_owned(), format!("{:?}", facts.consistency)),
        ("bm25".to_owned(), format!("{:?}", facts.bm25)),
        ("approximate search".to_owned(), facts.approximate.to_string()),
        ("changed while deleting".to_owned(), format!("{:?}", facts.changed_while_deleting)),
    ];
    let switch = |switch: Switch| (switch.to_string(), if capabilities.has(switch) { "yes" } else { "no" }.to_owned());
    words.extend(Switch::ALL.map(switch));
    words.extend([
        ("record bytes".to_owned(), limits.record_bytes.to_string()),
        ("skip + k".to_owned(), limits.k.to_string()),
        ("dimension".to_owned(), limits.dimension.to_string()),
        ("records read by one call".to_owned(), bound(limits.read_records)),
        ("records of an atomic batch".to_owned(), bound(limits.atomic_records)),
        ("bytes of an atomic batch".to_owned(), bound(limits.atomic_bytes)),
        ("atomic batch in one namespace".to_owned(), limits.atomic_one_namespace.to_string()),
    ]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let entry = |test: &str, verdict| Entry {
            rule: "ID-1".into(),
            test: format!("id_01::{test}"),
            file: "src/<a>.rs".into(),
            verdict,
        };
        Report {
            backend: "a <b> & c".into(),
            versions: vec![("memory-conformance".into(), "0.1.0".into())],
            capabilities: vec![("place".into(), "Memory".into())],
            entries: vec![
                entry("one", Verdict::Passed),
                entry("two", Verdict::Failed("observed <x>".into())),
                entry("three", Verdict::NotApplicable("needs the switch verify".into())),
            ],
        }
    }

    #[test]
    fn json_reads_back() {
        assert_eq!(Report::from_json(&report().to_json()), Some(report()));
        assert_eq!(Report::from_json(&report().to_json().replace("\"format\": 1", "\"format\": 2")), None);
        assert_eq!(Report::from_json(&report().to_json().replace("passed", "perhaps")), None);
    }

    /// The schema names the same fields and words as the report that is written.
    #[test]
    fn json_is_what_the_schema_says() {
        let schema: Value = serde_json::from_str(include_str!("../report.schema.json")).unwrap();
        let report: Value = serde_json::from_str(&report().to_json()).unwrap();
        let same_keys = |object: &Value, schema: &Value| {
            let mut required: Vec<_> =
                schema["required"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
            let mut declared: Vec<_> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
            let mut written: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
            for keys in [&mut required, &mut declared, &mut written] {
                keys.sort_unstable();
            }
            assert_eq!(written, required);
            assert_eq!(written, declared);
        };
        same_keys(&report, &schema);
        assert_eq!(schema["properties"]["format"]["const"], FORMAT);
        let entry_schema = &schema["properties"]["entries"]["items"];
        let verdicts = entry_schema["properties"]["verdict"]["enum"].as_array().unwrap();
        for entry in report["entries"].as_array().unwrap() {
            same_keys(entry, entry_schema);
            assert!(verdicts.contains(&entry["verdict"]));
        }
        assert_eq!(verdicts.len(), 3);
        same_keys(&report["versions"][0], &schema["properties"]["versions"]["items"]);
        same_keys(&report["capabilities"][0], &schema["properties"]["capabilities"]["items"]);
    }

    #[test]
    fn page_escapes_and_shows_every_verdict() {
        let page = page(&[report()], |file| {
            assert_eq!(file, "src/<a>.rs");
            Some("async fn zero() {\n}\n\nasync fn one(c: &str) -> u8 {\n    1\n}\n".to_owned())
        });
        assert!(page.contains("a &lt;b&gt; &amp; c"));
        assert!(!page.contains("a <b>"));
        assert!(page.contains("observed &lt;x&gt;"));
        assert!(page.contains("needs the switch verify"));
        assert!(page.contains("async fn one(c: &amp;str) -&gt; u8 {\n    1\n}"), "the source of a case");
        assert!(!page.contains("async fn zero"));
        assert!(page.contains("id=\"FI-4\"") && page.contains("set complement"), "every rule with its text");
        assert!(page.contains("waits for the first backend that talks"), "planned rules say what they wait for");
    }
}
