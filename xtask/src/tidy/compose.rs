//! `compose.yaml` offers the servers that `cargo xtask servers` installs.

use super::tree::Tree;
use crate::servers::SERVERS;

const FILE: &str = "compose.yaml";

/// Each server's image is there, under the server's name, and no other.
pub(super) fn versions(tree: &Tree) -> Vec<String> {
    let Some(text) = tree.text(FILE) else { return vec![format!("{FILE} is missing")] };
    let offered = images(text);
    let wanted: Vec<(&str, &str)> = wanted().collect();
    let differs = |(name, image): &&(&str, &str), others: &[(&str, &str)]| !others.contains(&(name, image));
    let missing = wanted.iter().filter(|one| differs(one, &offered)).map(|(name, image)| {
        format!("{FILE}: {name} is not offered as {image}, which is what xtask/src/servers installs")
    });
    let unknown = offered.iter().filter(|one| differs(one, &wanted));
    missing.chain(unknown.map(|(name, image)| format!("{FILE}: {name} as {image} is no server of xtask's"))).collect()
}

/// Name and image of each server that has one.
pub(super) fn wanted() -> impl Iterator<Item = (&'static str, &'static str)> {
    SERVERS.iter().filter_map(|server| Some((server.name, server.image?)))
}

/// Name and image of each service: the last line with two blanks before it, and the `image:` below.
fn images(text: &str) -> Vec<(&str, &str)> {
    let mut name = "";
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some(service) = line.strip_prefix("  ").filter(|rest| !rest.starts_with([' ', '#'])) {
            name = service.trim_end_matches(':');
        } else if let Some(image) = line.trim_start().strip_prefix("image:") {
            found.push((name, image.trim()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_a_missing_server_and_a_foreign_one_are_seen() {
        let with = |text: &str| versions(&Tree::from([(FILE, text)]));
        let good: String = wanted().map(|(name, image)| format!("  {name}:\n    image: {image}\n")).collect();
        assert_eq!(with(&format!("services:\n{good}")), [] as [&str; 0]);
        let foreign = format!("services:\n{good}  other:\n    image: other:1\n");
        assert_eq!(with(&foreign), ["compose.yaml: other as other:1 is no server of xtask's"]);
        let (_, image) = wanted().next().unwrap();
        assert_eq!(with(&good.replace(image, "pgvector/pgvector:0.8.5-pg18")).len(), 2);
        assert_eq!(with("services:\n").len(), wanted().count());
        assert_eq!(versions(&Tree::default()), ["compose.yaml is missing"]);
    }
}
