//! Configuration files: what they say, in both languages.

use memory_connect::{ConfigFile, EmbedderChoice, Placed, Profile};
use memory_core::connect::{Given, Secret, Setting, SettingKind, Written};

use crate::registry;

const TOML: &str = r#"
profile = "local"

[profiles.local]
store = "sqlite:memories.db"
collection = "notes"
namespace = "${WHO:-default}"
embedder = "builtin"

[profiles.server]
store = { backend = "acme", host = "db", port = 70, user = "ada", pool = true, certificate = "a.pem" }
embedder = { url = "https://ada:hunter2@host/v1", api_key = "${ACME_PASSWORD}", batch = 8 }
"#;

const YAML: &str = r#"
profile: local
profiles:
  # A comment.
  local:
    store: sqlite:memories.db
    collection: "notes"
    namespace: ${WHO:-default}
    embedder: builtin

  server:
    store: {backend: acme, host: db, port: 70, user: ada, pool: true, certificate: a.pem}
    embedder: {url: "https://ada:hunter2@host/v1", api_key: "${ACME_PASSWORD}", batch: 8}
"#;

fn profile(path: &str, text: &str, name: Option<&str>) -> Profile {
    ConfigFile::parse(path, text).unwrap().profile(&registry(), name).unwrap()
}

fn placed(placed: Option<&Placed>) -> (&str, &str) {
    placed.map_or(("", ""), |placed| (&placed.text, &placed.place))
}

#[test]
fn both_languages_say_the_same() {
    for (path, text, lines) in [("conf/a.toml", TOML, [4, 5, 6, 7, 8]), ("conf/a.yaml", YAML, [5, 6, 7, 8, 9])] {
        let file = ConfigFile::parse(path, text).unwrap();
        assert_eq!(file.profiles().collect::<Vec<_>>(), ["local", "server"]);
        let place = |index: usize| format!("{path}:{}", lines[index]);
        let local = profile(path, text, None);
        assert_eq!((local.name.as_str(), local.place), ("local", place(0)));
        let store = local.store.unwrap();
        assert_eq!(format!("{store:?}"), format!("Target(sqlite:conf/memories.db, from {})", place(1)));
        assert_eq!(placed(local.collection.as_ref()), ("notes", place(2).as_str()));
        assert_eq!(placed(local.namespace.as_ref()), ("default", place(3).as_str()));
        let Some(EmbedderChoice::Named(embedder)) = local.embedder else { panic!("a word") };
        assert_eq!(placed(Some(&embedder)), ("builtin", place(4).as_str()));

        let server = profile(path, text, Some("server"));
        let store = server.store.unwrap();
        assert_eq!(store.to_string(), "acme://ada@db:70?pool=true&certificate=conf%2Fa.pem");
        assert_eq!(registry().settings(&store).unwrap().secret("password").unwrap(), Some(&Secret::new("hunter2")));
        assert_eq!(placed(server.collection.as_ref()), ("", ""));
        let Some(EmbedderChoice::Table { given, .. }) = &server.embedder else { panic!("a table") };
        let place = given[0].place.clone();
        let text = |key: &str, value: &str| Given {
            key: key.to_owned(),
            value: Written::Text(value.to_owned()),
            place: place.clone(),
        };
        let batch = Given { value: Written::Whole(8), ..text("batch", "") };
        assert_eq!(*given, [text("url", "https://ada:hunter2@host/v1"), text("api_key", "hunter2"), batch]);
        assert!(!format!("{:?}", server.embedder).contains("hunter2"));
    }
}

#[test]
fn variables_are_put_into_values_and_cannot_break_out_of_a_url() {
    for (store, expected) in [
        (
            "acme://${NAME}:${ACME_PASSWORD}@${HOST:-db}:${PORT:-70}/${NAME}",
            "acme://ada%2Fb%3Fc%40d%25:***@db:70/ada/b%3Fc%40d%25",
        ),
        ("${URL}", "acme://ada:***@db:70/memories"),
        ("${URL}?tls=off", "acme://ada:***@db:70/memories?tls=off"),
        ("sqlite:${FOLDER}/$a.db", "sqlite:/data/$a.db"),
        ("sqlite:$${FOLDER}", "sqlite:conf/${FOLDER}"),
        ("sqlite::memory:", "sqlite::memory:"),
    ] {
        let text = format!("[profiles.one]\nstore = '{store}'");
        assert_eq!(profile("conf/a.toml", &text, None).store.unwrap().to_string(), expected, "{store}");
    }
    let text = "[profiles.one]\nstore = { backend = 'acme', host = '${NAME}', port = '${PORT:-70}' }";
    let store = profile("a.toml", text, None).store.unwrap();
    let settings = registry().settings(&store).unwrap();
    assert_eq!((settings.text("host").unwrap(), settings.whole("port").unwrap()), (Some("ada/b?c@d%"), Some(70)));
    // Not one that is not asked for.
    let text = "[profiles.one]\nstore = 'reference:'\n[profiles.two]\nstore = 'sqlite:${NONE}'";
    assert_eq!(profile("a.toml", text, Some("one")).store.unwrap().to_string(), "reference:");
}

#[test]
fn the_profile_is_the_named_one_or_the_files_own_or_the_only_one() {
    let two = "[profiles.one]\n[profiles.two]";
    let named = |head: &str, name| profile("a.toml", &format!("{head}\n{two}"), name).name;
    assert_eq!(named("", Some("two")), "two");
    assert_eq!(named("profile = 'one'", None), "one");
    assert_eq!(named("profile = 'one'", Some("two")), "two");
    assert_eq!(named("profile = '${P:-two}'", None), "two");
    assert_eq!(profile("a.toml", "[profiles.one]", None).name, "one");
}

#[test]
fn a_profile_shows_what_holds_and_where_it_comes_from_without_secrets() {
    const EMBEDDER: &[Setting] = &[
        Setting::new("url", SettingKind::Secret, ""),
        Setting::new("api_key", SettingKind::Secret, ""),
        Setting::new("batch", SettingKind::Whole(1, 100), ""),
        Setting::new("timeout", SettingKind::Duration, "").with_default("1500ms"),
    ];
    let local = registry().show_profile(&profile("a.toml", TOML, None), EMBEDDER).unwrap();
    let expected = r#"[profiles.local] # a.toml:4
collection = "notes" # a.toml:6
namespace = "default" # a.toml:7
embedder = "builtin" # a.toml:8

[profiles.local.store]
backend = "sqlite" # a.toml:5
path = "memories.db" # a.toml:5
busy_deadline = "30s" # the default
durability = "full" # the default
memory_budget = 4294967296 # the default
limit_record_bytes = 16777216 # the default
limit_k = 10000 # the default
limit_dimension = 16384 # the default
"#;
    assert_eq!(local, expected);
    let server = registry().show_profile(&profile("a.toml", TOML, Some("server")), EMBEDDER).unwrap();
    let expected = r#"[profiles.server] # a.toml:10

[profiles.server.store]
backend = "acme" # a.toml:11
host = "db" # a.toml:11
port = 70 # a.toml:11
user = "ada" # a.toml:11
password = "***" # the environment variable ACME_PASSWORD
database = "memories" # the default
tls = "verify" # the default
certificate = "a.pem" # a.toml:11
pool = true # a.toml:11

[profiles.server.embedder]
url = "***" # a.toml:12
api_key = "***" # a.toml:12
batch = 8 # a.toml:12
timeout = "1500ms" # the default
"#;
    assert_eq!(server, expected);
    ConfigFile::parse("shown.toml", &server).unwrap();
}
