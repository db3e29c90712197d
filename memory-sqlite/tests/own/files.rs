//! Files that cannot be used, and files that are damaged.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use memory_conformance::{Context, Failure, Needs, Outcome, ensure, ensure_eq, ensure_kind};
use memory_core::{Error, ErrorKind, Facts, Filter, Maintenance, Memory, Place};
use memory_sqlite::{SqliteBackend, SqliteConfig};
use tempfile::TempDir;

use super::child::{command, draft, ids, lines, notes, prepared};
use crate::harness::{connection, flip};

const A_FILE: Needs = Needs::Fact("a file", in_a_file);

fn in_a_file(facts: &Facts) -> bool {
    facts.place == Place::File
}

memory_conformance::cases! {
    "ER-1": [
        (a_folder_is_no_database, A_FILE),
        (a_missing_folder_is_named, A_FILE),
        (a_file_that_is_no_database_stays_as_it_is, A_FILE),
        (another_programs_database_stays_as_it_is, A_FILE),
        (another_layout_is_refused, A_FILE),
        (what_may_not_be_written_is_refused, A_FILE),
        (a_full_disk_keeps_what_was_accepted, A_FILE),
    ],
    "CD-4": [
        (a_damaged_record_is_named_wherever_it_is_read, A_FILE),
        (damage_that_breaks_the_json_is_named_under_a_filter, A_FILE),
        (verify_names_damaged_records, A_FILE),
    ],
    "TX-1": [(another_analyser_is_a_conflict_until_reindex, A_FILE)],
}

async fn open(path: &Path) -> memory_core::Result<SqliteBackend> {
    SqliteBackend::open(SqliteConfig::new(path)).await
}

/// A closed file with one record.
async fn one_record() -> Result<TempDir, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let (database, memory) = notes(&folder.path().join("memory.db")).await?;
    memory.put(draft("old", "kept")).await?;
    database.close().await?;
    Ok(folder)
}

async fn old_record_is_there(folder: &TempDir) -> Outcome {
    let (database, memory) = notes(&folder.path().join("memory.db")).await?;
    let old = memory.get("old").await?.map(|stored| stored.record.content.as_str().to_owned());
    ensure_eq!(old.as_deref(), Some("kept"), "the old record is there");
    database.close().await?;
    Ok(())
}

async fn a_folder_is_no_database(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let error = ensure_kind!(open(folder.path()).await, Conflict, "a folder");
    ensure!(error.message().ends_with("is a folder: name a file in it"), "{error}");
    Ok(())
}

async fn a_missing_folder_is_named(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("memory.db");
    let error = ensure_kind!(open(&path).await, NotFound, "a missing folder");
    ensure_eq!(error.message(), format!("the folder of {} does not exist: make it first", path.display()), "message");
    Ok(())
}

async fn a_file_that_is_no_database_stays_as_it_is(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    for text in ["short", &"This is a letter, and by no means a database. ".repeat(100)] {
        fs::write(&path, text).unwrap();
        let error = ensure_kind!(open(&path).await, Corrupt, "a text file");
        ensure!(error.message().starts_with(&format!("{} is not an SQLite database", path.display())), "{error}");
        ensure_eq!(fs::read_to_string(&path).unwrap(), *text, "the file");
        ensure_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "files in the folder");
    }
    Ok(())
}

async fn another_programs_database_stays_as_it_is(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    connection(&path).execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1);").unwrap();
    let before = fs::read(&path).unwrap();
    let error = ensure_kind!(open(&path).await, Conflict, "another program's database");
    ensure!(error.message().contains("another program"), "{error}");
    ensure!(fs::read(&path).unwrap() == before, "the file is as it was");
    ensure_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "files in the folder");
    Ok(())
}

async fn another_layout_is_refused(_: Context) -> Outcome {
    let folder = one_record().await?;
    let path = folder.path().join("memory.db");
    for (layout, advice) in [(2, "export it with that program"), (4, "use a newer version of the program")] {
        connection(&path).pragma_update(None, "user_version", layout).unwrap();
        let error = ensure_kind!(open(&path).await, Unsupported, "another layout");
        ensure!(error.message().contains(advice), "{error}");
    }
    connection(&path).pragma_update(None, "user_version", 3).unwrap();
    old_record_is_there(&folder).await
}

/// What the user `nobody` is told who opens the file; root may write everything.
fn opened_by_another_user(path: &Path) -> Vec<String> {
    let mut command = command("open", path);
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        // The program itself may lie where only root can read it.
        let program = tempfile::tempdir().unwrap();
        fs::set_permissions(program.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let copy = program.path().join("child");
        fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
        command = prepared(Command::new(&copy), "open", path);
        command.uid(65_534).gid(65_534);
        return lines(command);
    }
    lines(command)
}

async fn what_may_not_be_written_is_refused(_: Context) -> Outcome {
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let folder = one_record().await?;
    let path = folder.path().join("memory.db");
    let refused = |path: &Path, what: &str| {
        let lines = opened_by_another_user(path);
        let expected = format!(
            "PermissionDenied: no right to read and write {}: the file, the files beside it and their folder must be writable",
            path.display()
        );
        ensure_eq!(lines, [expected], "{what}");
        Ok(())
    };
    mode(folder.path(), 0o777);
    mode(&path, 0o444);
    refused(&path, "a read-only file")?;
    mode(&path, 0o000);
    refused(&path, "a file that may not even be read")?;
    mode(&path, 0o666);
    mode(folder.path(), 0o555);
    refused(&path, "a file in a read-only folder")?;
    refused(&folder.path().join("new.db"), "a new file in a read-only folder")?;
    mode(folder.path(), 0o777);
    ensure_eq!(opened_by_another_user(&path), ["ok"], "with all rights it opens");
    old_record_is_there(&folder).await
}

/// A process whose files may not grow beyond some megabytes is like one whose disk is full.
async fn a_full_disk_keeps_what_was_accepted(_: Context) -> Outcome {
    let folder = one_record().await?;
    let path = folder.path().join("memory.db");
    // Without the trap the system would end the process.
    let script = "trap '' XFSZ; ulimit -f 4096; exec \"$0\"";
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(script).arg(std::env::current_exe().unwrap());
    let said = lines(prepared(shell, "fill", &path));
    let [accepted, error, old] = &said[..] else { return Err(Failure::assertion(format!("the child said {said:?}"))) };
    ensure!(error.starts_with("Unavailable: ") && error.contains("disk"), "{error}");
    ensure_eq!(old, "kept", "the same handle still reads");
    let accepted: u64 = accepted.parse().unwrap();
    ensure!(accepted > 10, "some records fit: {accepted}");
    let (database, memory) = notes(&path).await?;
    ensure_eq!(memory.count(&Filter::all()).await?, accepted + 1, "what was accepted is there, and no more");
    ensure!(database.maintain(&Maintenance::Verify).await?.findings.is_empty(), "the file is sound");
    memory.put(draft("new", "x")).await?;
    database.close().await?;
    old_record_is_there(&folder).await
}

/// A file with a record whose bytes were changed from `from` to their neighbour, and one that is sound.
async fn damaged(from: &str) -> Result<TempDir, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let (database, memory) = notes(&path).await?;
    memory.put(draft("good", "plain words")).await?;
    memory.put(draft("bad", "some words to be damaged").kind("k")).await?;
    database.close().await?;
    let bytes = br#"{"content":"some words to be damaged","created_at":"#;
    flip(&path, bytes, bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap());
    Ok(folder)
}

fn names_it<T>(result: Result<T, Error>, what: &str) -> Outcome {
    let error = ensure_kind!(result, Corrupt, "{what}");
    ensure!(error.message().starts_with("the record n/bad is damaged"), "{what}: {error}");
    ensure!(!format!("{error:?}").contains("words"), "{what}: the error quotes the record");
    Ok(())
}

async fn a_damaged_record_is_named_wherever_it_is_read(_: Context) -> Outcome {
    let folder = damaged("some").await?;
    let (database, memory) = notes(&folder.path().join("memory.db")).await?;
    names_it(memory.get("bad").await, "get")?;
    names_it(memory.list(&memory_core::ListRequest::new()).await, "list")?;
    names_it(memory.search_text("damaged", 5).await, "text search")?;
    names_it(memory.search_vector([1.0, 0.0, 0.0], 1).await, "vector search")?;
    names_it(memory.count(&Filter::metadata(["x"]).ne(vec![1])).await, "count with a filter that the core decides")?;
    names_it(memory.delete_where(&Filter::kind().eq("k")).await, "delete by filter")?;
    ensure!(memory.get("good").await?.is_some(), "the other record is sound");
    names_it(memory.search_text("plain", 5).await, "text search for what the damaged one may hold too")?;
    ensure!(memory.delete("bad").await?, "the damaged one can be deleted");
    ensure_eq!(ids(memory.search_text("words", 5).await?), "good", "it is out of text search");
    ensure_eq!(ids(memory.search_vector([1.0, 0.0, 0.0], 5).await?), "good", "and out of vector search");
    ensure!(database.maintain(&Maintenance::Verify).await?.findings.is_empty(), "the file is sound again");
    database.close().await?;
    let folder = damaged("some").await?;
    let (database, memory) = notes(&folder.path().join("memory.db")).await?;
    memory.put(draft("bad", "new text")).await?;
    ensure_eq!(ids(memory.search_text("words text", 5).await?), "bad good", "or be put again");
    ensure!(database.maintain(&Maintenance::Verify).await?.findings.is_empty(), "the file is sound again");
    database.close().await?;
    Ok(())
}

async fn damage_that_breaks_the_json_is_named_under_a_filter(_: Context) -> Outcome {
    let folder = damaged("{").await?;
    let (database, memory) = notes(&folder.path().join("memory.db")).await?;
    let filter = Filter::tags().contains("x");
    names_it(memory.count(&filter).await, "count")?;
    names_it(memory.delete_where(&filter).await, "delete by filter")?;
    names_it(search(&memory, &filter).await, "text search")?;
    database.close().await?;
    Ok(())
}

async fn search(memory: &Memory, filter: &Filter) -> memory_core::Result<memory_core::SearchResponse> {
    memory.search(&memory.text("words").with_filter(filter.clone())).await
}

async fn verify_names_damaged_records(_: Context) -> Outcome {
    let folder = damaged("damaged").await?;
    let (database, _) = notes(&folder.path().join("memory.db")).await?;
    let report = database.maintain(&Maintenance::Verify).await?;
    ensure_eq!(report.records, 2, "records looked at");
    let found: Vec<&str> = report.findings.iter().map(|finding| &finding.what[..32]).collect();
    ensure_eq!(found, ["notes: the record n/bad is damag"], "findings");
    database.close().await?;
    Ok(())
}

async fn another_analyser_is_a_conflict_until_reindex(_: Context) -> Outcome {
    let folder = one_record().await?;
    let path = folder.path().join("memory.db");
    connection(&path).execute_batch("UPDATE _memory_collections SET analyser = 0;").unwrap();
    let error = ensure_kind!(notes(&path).await, Conflict, "create");
    ensure!(error.message().contains("english/0") && error.message().contains("english/1"), "{error}");
    let database = memory_core::Database::new(open(&path).await?);
    let name = memory_core::CollectionName::new("notes")?;
    let error = ensure_kind!(database.open(&name, memory_core::Scope::all()).await, Conflict, "open");
    ensure_eq!(error.kind(), ErrorKind::Conflict, "kind");
    ensure!(error.message().contains("the maintenance task reindex of notes"), "{error}");
    ensure_eq!(database.health().await?.findings.len(), 1, "health says so too");
    database.maintain(&Maintenance::Reindex(name.clone())).await?;
    let memory = database.open(&name, memory_core::Scope::all()).await?;
    ensure_eq!(ids(memory.search_text("kept", 5).await?), "old", "its words are found");
    ensure_eq!(database.health().await?.findings.len(), 0, "health has nothing to say");
    database.close().await?;
    Ok(())
}
