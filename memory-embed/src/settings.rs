//! What a configuration may say of an embedder: one table, of which each embedder reads its own keys.

use memory_core::connect::{Setting, SettingKind};

/// Which embedder: `none`, `builtin`, `hash`, or the address of a service.
pub const USE: Setting = Setting::new(
    "use",
    SettingKind::Text,
    "Which embedder makes the vectors: none, builtin (a model in this program), hash (hashed words), or the address of a \
     service in OpenAI's form, such as http://localhost:11434/v1.",
);

/// How many threads the model in this program uses.
pub const THREADS: Setting = Setting::new(
    "threads",
    SettingKind::Whole(1, 1024),
    "How many threads the builtin model uses; one for each core when not given.",
);

/// Whose words are hashed.
pub const LANGUAGE: Setting =
    Setting::new("language", SettingKind::Text, "The language whose words the embedder hash counts.")
        .with_default("english");

/// The number of components.
pub const DIMENSION: Setting = Setting::new(
    "dimension",
    SettingKind::Whole(1, 65_536),
    "The number of components: of the embedder hash, 256 when not given; of a service's vectors, asked by one request when \
     not given.",
);

/// Which vendor a service is.
pub const SERVICE: Setting = Setting::new(
    "service",
    SettingKind::Choice(&["openai", "azure", "mistral", "voyage", "compatible"]),
    "Whose form the service speaks, where its address does not show it; compatible is OpenAI's form without anything of one \
     vendor (Ollama, vLLM, LM Studio).",
);

/// The service's model.
pub const MODEL: Setting =
    Setting::new("model", SettingKind::Text, "The service's model, such as text-embedding-3-small.");

/// The key for any service.
pub const API_KEY: Setting = Setting::new(
    "api_key",
    SettingKind::Secret,
    "The key that the service wants. It is sent to whatever address `use` names.",
);

/// The key that goes to OpenAI alone.
pub const OPENAI_API_KEY: Setting =
    Setting::new("openai_api_key", SettingKind::Secret, "The key for OpenAI; no other service gets it.")
        .with_env(&["OPENAI_API_KEY"]);

/// The key that goes to Azure OpenAI alone.
pub const AZURE_API_KEY: Setting =
    Setting::new("azure_api_key", SettingKind::Secret, "The key for Azure OpenAI; no other service gets it.")
        .with_env(&["AZURE_OPENAI_API_KEY"]);

/// The key that goes to Mistral alone.
pub const MISTRAL_API_KEY: Setting =
    Setting::new("mistral_api_key", SettingKind::Secret, "The key for Mistral; no other service gets it.")
        .with_env(&["MISTRAL_API_KEY"]);

/// The key that goes to Voyage alone.
pub const VOYAGE_API_KEY: Setting =
    Setting::new("voyage_api_key", SettingKind::Secret, "The key for Voyage; no other service gets it.")
        .with_env(&["VOYAGE_API_KEY"]);

/// Whether the service shortens its vectors.
pub const SHORTEN: Setting = Setting::new(
    "shorten",
    SettingKind::Switch,
    "Whether the service is asked to shorten its vectors to `dimension`, which not every model can.",
)
.with_default("false");

/// How many tokens the service's model reads.
pub const TOKEN_LIMIT: Setting = Setting::new(
    "token_limit",
    SettingKind::Whole(1, 10_000_000),
    "How many tokens of a text the service's model reads; without it nobody can say whether a text was cut.",
);

/// Texts in one request.
pub const BATCH_TEXTS: Setting =
    Setting::new("batch_texts", SettingKind::Whole(1, 2048), "At most so many texts go in one request.")
        .with_default("64");

/// Bytes in one request.
pub const BATCH_BYTES: Setting = Setting::new(
    "batch_bytes",
    SettingKind::Whole(1, 16_777_216),
    "At most so many bytes of texts go in one request; a longer text goes alone.",
)
.with_default("131072");

/// Requests at once.
pub const REQUESTS: Setting =
    Setting::new("requests", SettingKind::Whole(1, 64), "So many requests may be under way at once.").with_default("4");

/// The time for one request.
pub const TIMEOUT: Setting = Setting::new(
    "timeout",
    SettingKind::Duration,
    "How long one request may take, from the first byte sent to the last one received.",
)
.with_default("30s");

/// The time for one batch.
pub const DEADLINE: Setting = Setting::new(
    "deadline",
    SettingKind::Duration,
    "How long the texts of one request may take with all its repetitions and the pauses between them.",
)
.with_default("120s");

/// Repetitions of one request.
pub const RETRIES: Setting = Setting::new(
    "retries",
    SettingKind::Whole(0, 20),
    "How often a request is repeated after an answer that may be better the next time (429, 5xx, none).",
)
.with_default("4");

/// What stands before a query.
pub const QUERY_PREFIX: Setting = Setting::new(
    "query_prefix",
    SettingKind::Text,
    "What is put before a text that is searched by, for models that want that, such as `search_query: `.",
);

/// What stands before a document.
pub const DOCUMENT_PREFIX: Setting = Setting::new(
    "document_prefix",
    SettingKind::Text,
    "What is put before a text that is stored, for models that want that, such as `search_document: `.",
);

/// The label that collections keep.
pub const IDENTITY: Setting = Setting::new(
    "identity",
    SettingKind::Text,
    "The label that collections keep of the service's model; made of service, model and dimension when not given.",
);

const ALL: [Setting; 22] = [
    USE,
    THREADS,
    LANGUAGE,
    DIMENSION,
    SERVICE,
    MODEL,
    API_KEY,
    OPENAI_API_KEY,
    AZURE_API_KEY,
    MISTRAL_API_KEY,
    VOYAGE_API_KEY,
    SHORTEN,
    TOKEN_LIMIT,
    BATCH_TEXTS,
    BATCH_BYTES,
    REQUESTS,
    TIMEOUT,
    DEADLINE,
    RETRIES,
    QUERY_PREFIX,
    DOCUMENT_PREFIX,
    IDENTITY,
];

/// All keys of the table, in the order in which a printed example shows them.
pub fn settings() -> &'static [Setting] {
    &ALL
}
