//! Ctrl-C during an import.

#![cfg(unix)]

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::tool::Tool;

#[test]
fn an_interrupted_import_says_where_it_stopped_and_goes_on_when_repeated() {
    let tool = Tool::new();
    let line = |n: usize| format!("{{\"id\":\"{n}\",\"namespace\":[\"n\"],\"content\":\"cat {n}\"}}\n");
    let mut command = tool.command(&["import", "-"]);
    command.env("MEMORY_EMBEDDER", "hash").stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // The pipe stays open: the program waits for more when it is interrupted.
    let mut input = child.stdin.take().unwrap();
    let first: String = (0..600).map(line).collect();
    input.write_all(first.as_bytes()).unwrap();
    let count = || tool.run(&["count"]).out.trim().parse().unwrap_or(0);
    let deadline = Instant::now() + Duration::from_secs(60);
    while count() < 256 {
        assert!(Instant::now() < deadline, "nothing is put while the pipe is open");
        thread::sleep(Duration::from_millis(50));
    }
    let pid = child.id().to_string();
    // The shell's own `kill`: not every machine has a program of that name.
    assert!(Command::new("sh").args(["-c", "kill -INT $0", &pid]).status().unwrap().success());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{err}");
    drop(input);
    assert!(err.contains("interrupted after line ") && err.contains("the same command goes on from there"), "{err}");
    let written: u64 = count();
    assert!((256..900).contains(&written), "{written}");
    let all = tool.file("all.jsonl", (0..900).map(line).collect::<String>());
    let again = tool.with("hash", &["--json", "import", &all]);
    let answer: serde_json::Value = serde_json::from_str(&again.out).unwrap();
    assert_eq!(answer["imported"].as_u64().unwrap() + answer["unchanged"].as_u64().unwrap(), 900);
    assert!(answer["unchanged"].as_u64().unwrap() >= 256, "{answer}");
    assert_eq!(tool.ok(&["count"]), "900\n");
}
