//! `memoryctl import`

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek as _};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use memory_core::{CollectionName, CollectionSpec, Embedding, ErrorKind, Memory, Metric, Namespace, Record, Scope};
use serde::Serialize;

use crate::context::Context;
use crate::failure::{Failure, note};
use crate::output::{Output, text};
use crate::transfer::batch::{End, Lot};
use crate::transfer::foreign::Fields;
use crate::transfer::source::{BadLine, Source};

/// Put the records of a file: an export, records one a line, or foreign JSON lines
#[derive(clap::Args)]
pub(crate) struct Import {
    /// The file; - is standard input. A file is read to its end before anything is written
    file: PathBuf,
    /// The lines are foreign objects, and this field holds the id; without it each gets a new UUID
    #[arg(long, value_name = "NAME")]
    id_field: Option<String>,
    /// The lines are foreign objects, and this field holds text; may be repeated. Other fields become metadata
    #[arg(long = "content-field", value_name = "NAME")]
    content_fields: Vec<String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    imported: u64,
    collection: &'a str,
}

/// Checks the file, makes the collection if it is missing, and puts the records.
pub(crate) async fn run(context: &Context, out: &mut Output, args: Import) -> Result<(), Failure> {
    let foreign = args.id_field.is_some() || !args.content_fields.is_empty();
    if context.namespace().is_some() && !foreign {
        let message =
            "records name their own namespaces; --namespace is for foreign lines, with --id-field or --content-field";
        return Err(Failure::Usage(message.to_owned()));
    }
    let fields = Fields { id: args.id_field, content: args.content_fields };
    let foreign = if foreign { Some((fields, context.home()?)) } else { None };
    let importer = Importer { context, name: context.collection()?, foreign };
    let imported = if args.file == Path::new("-") {
        importer.stream(io::stdin(), None).await?
    } else {
        let file = File::open(&args.file).map_err(|error| Failure::file(&args.file, &error))?;
        let metadata = file.metadata().map_err(|error| Failure::file(&args.file, &error))?;
        if metadata.is_file() {
            importer.file(file, metadata.len(), &args.file).await?
        } else if metadata.is_dir() {
            return Err(Failure::Error(format!("{} is a folder, not a file", args.file.display())));
        } else {
            importer.stream(file, None).await?
        }
    };
    let name = importer.name;
    if out.is_json() {
        return out.json(&Answer { imported, collection: name.as_str() });
    }
    note(&format!("imported {} into collection {name}", text::records(imported)));
    Ok(())
}

struct Importer<'a> {
    context: &'a Context,
    name: CollectionName,
    /// Which fields of foreign lines hold what, and the namespace that they go to.
    foreign: Option<(Fields, Namespace)>,
}

/// What a look at the whole file, or at the first lot of a pipe, says of it.
struct Survey {
    /// The spec of an export's header.
    spec: Option<CollectionSpec>,
    /// The dimension of the first vector.
    dimension: Option<usize>,
}

impl Survey {
    fn see(&mut self, record: &Record) {
        self.dimension = self.dimension.or_else(|| record.embedding.as_ref().map(Embedding::dimension));
    }
}

impl Importer<'_> {
    /// Reads the file to its end, so that a bad one is refused before anything is written; then once more.
    async fn file(&self, mut file: File, length: u64, path: &Path) -> Result<u64, Failure> {
        let refused = |bad: BadLine| Failure::Error(format!("{}: {bad}; nothing was written", path.display()));
        let bar = bar(Some(length), "checking");
        let (mut source, spec) = self.source(BufReader::new(bar.wrap_read(&file))).map_err(refused)?;
        let mut survey = Survey { spec, dimension: None };
        while let Some((_, record)) = source.next().map_err(refused)? {
            survey.see(&record);
        }
        bar.finish_and_clear();
        file.rewind().map_err(|error| Failure::file(path, &error))?;
        self.stream(file, Some((survey, length))).await
    }

    /// Puts the records as they come. From a pipe nothing is known beforehand.
    async fn stream(&self, input: impl io::Read, known: Option<(Survey, u64)>) -> Result<u64, Failure> {
        let bar = bar(known.as_ref().map(|(_, length)| *length), "importing");
        let refused = |bad: &BadLine| Failure::Error(format!("{bad}; nothing was written"));
        let reader = BufReader::new(bar.wrap_read(input));
        let (mut source, spec) = self.source(reader).map_err(|bad| refused(&bad))?;
        let mut lot = Lot::read(&mut source);
        let survey = known.map(|(survey, _)| survey).unwrap_or_else(|| {
            let mut survey = Survey { spec, dimension: None };
            lot.writes.iter().for_each(|write| survey.see(&write.record));
            survey
        });
        if let (End::Bad(bad), true) = (&lot.end, lot.writes.is_empty()) {
            return Err(refused(bad));
        }
        let memory = self.collection(survey, &bar).await?;
        let mut written = 0;
        loop {
            written += lot.put(&memory, written).await?;
            match lot.end {
                End::Full => lot = Lot::read(&mut source),
                End::Input => break,
                End::Bad(bad) => {
                    return Err(Failure::Error(format!("{bad}; written before it: {}", text::records(written))));
                }
            }
        }
        Ok(written)
    }

    fn source<R: BufRead>(&self, reader: R) -> Result<(Source<R>, Option<CollectionSpec>), BadLine> {
        match &self.foreign {
            None => Source::new(reader, &self.name),
            Some((fields, home)) => Ok((Source::foreign(reader, fields.clone(), home.clone()), None)),
        }
    }

    /// The collection: of the header's spec, or as it is, or made for these records.
    async fn collection(&self, survey: Survey, bar: &ProgressBar) -> Result<Memory, Failure> {
        let database = self.context.database(true).await?;
        if let Some(spec) = survey.spec {
            return Ok(database.create(&spec, Scope::all()).await?);
        }
        match database.open(&self.name, Scope::all()).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let mut spec = CollectionSpec::new(self.name.clone());
                if let Some(dimension) = survey.dimension {
                    spec = spec.with_vectors(dimension, Metric::Cosine)?;
                }
                bar.suspend(|| note(&format!("made collection {spec}")));
                Ok(database.create(&spec, Scope::all()).await?)
            }
            opened => Ok(opened?),
        }
    }
}

/// Bytes read, on a terminal; nothing elsewhere.
fn bar(length: Option<u64>, what: &'static str) -> ProgressBar {
    let (bar, template) = match length {
        Some(length) => (ProgressBar::new(length), "{msg} [{bar:40}] {bytes}/{total_bytes} {eta}"),
        None => (ProgressBar::no_length(), "{msg} {bytes} {elapsed}"),
    };
    let bar = bar.with_finish(ProgressFinish::AndClear);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style).with_message(what),
        Err(_) => bar,
    }
}
