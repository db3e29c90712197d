//! `memoryctl import`

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek as _};
use std::path::{Path, PathBuf};

use memory_core::{
    Clock as _, CollectionName, CollectionSpec, Embedding, ErrorKind, Memory, Namespace, Record, Scope, SystemClock,
    Timestamp,
};
use serde::Serialize;

use crate::context::Context;
use crate::failure::{Failure, note};
use crate::interrupt::Interrupt;
use crate::output::{Output, text};
use crate::progress;
use crate::transfer::batch::{Done, End, Lots};
use crate::transfer::foreign::Fields;
use crate::transfer::source::{BadLine, Source};

/// Put the records of a file: an export, records one a line, or foreign JSON lines
#[derive(clap::Args)]
pub(crate) struct Import {
    /// The file; - is standard input. A file is read to its end before anything is written
    file: PathBuf,
    /// The lines are foreign objects, and this field holds the id; without it each gets a UUID made of its line
    #[arg(long, value_name = "NAME")]
    id_field: Option<String>,
    /// The lines are foreign objects, and this field holds text; may be repeated. Other fields become metadata
    #[arg(long = "content-field", value_name = "NAME")]
    content_fields: Vec<String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    imported: u64,
    #[serde(skip_serializing_if = "is_zero")]
    unchanged: u64,
    #[serde(skip_serializing_if = "is_zero")]
    cut: u64,
    collection: &'a str,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Checks the file, makes the collection if it is missing, and puts the records.
pub(crate) async fn run(context: &Context, out: &mut Output, args: Import) -> Result<(), Failure> {
    let foreign = args.id_field.is_some() || !args.content_fields.is_empty();
    if context.names_namespace() && !foreign {
        let message =
            "records name their own namespaces; --namespace is for foreign lines, with --id-field or --content-field";
        return Err(Failure::Usage(message.to_owned()));
    }
    let fields = Fields { id: args.id_field, content: args.content_fields };
    let foreign = if foreign { Some((fields, context.home()?)) } else { None };
    let importer = Importer { context, name: context.collection()?, foreign, now: SystemClock.now() };
    let done = if args.file == Path::new("-") {
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
        let Done { written: imported, unchanged, cut, .. } = done;
        return out.json(&Answer { imported, unchanged, cut, collection: name.as_str() });
    }
    note(&format!("imported {} into collection {name}{}", text::records(done.written), done.besides()));
    Ok(())
}

struct Importer<'a> {
    context: &'a Context,
    name: CollectionName,
    /// Which fields of foreign lines hold what, and the namespace that they go to.
    foreign: Option<(Fields, Namespace)>,
    /// The time of records that name none.
    now: Timestamp,
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
    async fn file(&self, mut file: File, length: u64, path: &Path) -> Result<Done, Failure> {
        let refused = |bad: BadLine| Failure::Error(format!("{}: {bad}; nothing was written", path.display()));
        let bar = progress::bytes(Some(length), "checking");
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
    async fn stream(
        &self,
        input: impl io::Read + Send + 'static,
        known: Option<(Survey, u64)>,
    ) -> Result<Done, Failure> {
        let bar = progress::bytes(known.as_ref().map(|(_, length)| *length), "importing");
        let refused = |bad: &BadLine| Failure::Error(format!("{bad}; nothing was written"));
        let reader = BufReader::new(bar.wrap_read(input));
        let (source, spec) = self.source(reader).map_err(|bad| refused(&bad))?;
        let mut lots = Lots::read(source);
        let mut interrupt = Interrupt::new();
        let Some(mut lot) = interrupt.or(lots.next()).await? else { return Err(stopped(&Done::default())) };
        let survey = known.map(|(survey, _)| survey).unwrap_or_else(|| {
            let mut survey = Survey { spec, dimension: None };
            lot.records().iter().for_each(|record| survey.see(record));
            survey
        });
        if let (End::Bad(bad), true) = (&lot.end, lot.records().is_empty()) {
            return Err(refused(bad));
        }
        let (memory, existed) = progress::beside(&bar, self.collection(survey)).await?;
        lots.set_size(memory.embedder().is_some());
        let mut done = Done::default();
        loop {
            let step = async {
                if existed {
                    lot.skip_present(&memory, self.now, &mut done).await?;
                }
                lot.put(&memory, &mut done).await
            };
            if interrupt.or(step).await?.is_none() {
                return Err(stopped(&done));
            }
            match lot.end {
                End::Full => match interrupt.or(lots.next()).await? {
                    Some(next) => lot = next,
                    None => return Err(stopped(&done)),
                },
                End::Input => return Ok(done),
                End::Bad(bad) => {
                    let written = text::records(done.written);
                    return Err(Failure::Error(format!("{bad}; written before it: {written}")));
                }
            }
        }
    }

    fn source<R: BufRead>(&self, reader: R) -> Result<(Source<R>, Option<CollectionSpec>), BadLine> {
        match &self.foreign {
            None => Source::new(reader, &self.name, self.now),
            Some((fields, home)) => Ok((Source::foreign(reader, fields.clone(), home.clone(), self.now), None)),
        }
    }

    /// The collection: of the header's spec, or as it is, or made for these records; and whether it was there before. What an
    /// export holds is put as it is; other records get the vectors of their texts.
    async fn collection(&self, survey: Survey) -> Result<(Memory, bool), Failure> {
        let database = self.context.database(true).await?;
        let (spec, is_export) = match (survey.spec, database.open(&self.name, Scope::all()).await) {
            (None, Ok(memory)) => return Ok((self.context.embedding(memory).await?, true)),
            (Some(spec), Ok(_)) => return Ok((database.create(&spec, Scope::all()).await?, true)),
            (_, Err(error)) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            (Some(spec), Err(_)) => (spec, true),
            (None, Err(_)) => (self.context.new_spec(self.name.clone(), survey.dimension).await?, false),
        };
        if !is_export {
            note(&format!("made collection {spec}"));
        }
        let memory = database.create(&spec, Scope::all()).await?;
        Ok((if is_export { memory } else { self.context.embedding(memory).await? }, false))
    }
}

fn stopped(done: &Done) -> Failure {
    let before = match done.last {
        0 => "before anything was written".to_owned(),
        line => format!("after line {line}: {} written", text::records(done.written)),
    };
    Failure::Interrupted(format!("interrupted {before}; the same command goes on from there"))
}
