//! The repository's files, read once.

use std::collections::BTreeMap;
use std::path::Path;

/// What is not the project's own: version control and what building leaves behind.
const SKIPPED: [&str; 2] = [".git", "target"];

/// Every file's path from the root, with `/` between its parts, and its text. A file that is no UTF-8 has an empty text.
#[derive(Debug, Default)]
pub(super) struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    /// Reads everything below a folder, apart from the folders `.git`, `target` and `target-…` at its top.
    pub(super) fn read(root: &Path) -> Result<Self, String> {
        let mut tree = Self::default();
        tree.add(root, "")?;
        Ok(tree)
    }

    fn add(&mut self, folder: &Path, prefix: &str) -> Result<(), String> {
        let failed = |error| format!("{}: {error}", folder.display());
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if prefix.is_empty() && (SKIPPED.contains(&name.as_str()) || name.starts_with("target-")) {
                continue;
            }
            let path = format!("{prefix}{name}");
            if entry.file_type().map_err(failed)?.is_dir() {
                self.add(&entry.path(), &format!("{path}/"))?;
            } else {
                let bytes = std::fs::read(entry.path()).map_err(|error| format!("{path}: {error}"))?;
                self.files.insert(path, String::from_utf8(bytes).unwrap_or_default());
            }
        }
        Ok(())
    }

    /// The text of one file.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// True if this is a file, or a folder that holds one.
    pub(super) fn has(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        self.files.contains_key(path) || self.under(&folder).next().is_some()
    }

    /// Path and text of each file below a folder, whose path ends with `/`; "" is the root.
    pub(super) fn under(&self, folder: &str) -> impl Iterator<Item = (&str, &str)> {
        let below = self.files.range(folder.to_owned()..);
        below.take_while(move |(path, _)| path.starts_with(folder)).map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Path and text of each file with this ending.
    pub(super) fn ending(&self, end: &str) -> impl Iterator<Item = (&str, &str)> {
        self.under("").filter(move |(path, _)| path.ends_with(end))
    }

    /// The names of the workspace's members: the folders at the top that hold a Cargo.toml.
    pub(super) fn members(&self) -> impl Iterator<Item = &str> {
        self.ending("/Cargo.toml")
            .filter_map(|(path, _)| path.strip_suffix("/Cargo.toml"))
            .filter(|name| !name.contains('/'))
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&str, &str); N]> for Tree {
    fn from(files: [(&str, &str); N]) -> Self {
        files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
    }
}

#[cfg(test)]
impl FromIterator<(String, String)> for Tree {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(files: I) -> Self {
        Self { files: files.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_repository_is_read() {
        let tree = Tree::read(crate::process::root()).unwrap();
        assert!(tree.text("Cargo.toml").unwrap().contains("[workspace]"));
        assert!(tree.members().any(|name| name == "memory-core"));
        assert!(tree.has("xtask/src/tidy") && !tree.has("xtask/src/tid") && !tree.has("target"));
        assert_eq!(tree.under(".git/").count(), 0);
    }

    #[test]
    fn a_folder_ends_where_its_name_does() {
        let tree = Tree::from([("a/x.rs", "1"), ("ab/y.rs", "2"), ("a.md", "3")]);
        assert_eq!(tree.under("a/").collect::<Vec<_>>(), [("a/x.rs", "1")]);
        assert_eq!(tree.ending(".rs").map(|(path, _)| path).collect::<Vec<_>>(), ["a/x.rs", "ab/y.rs"]);
    }
}
