//! `Memory::with_embedder`, over the reference backend.

use std::sync::Arc;

use futures_executor::block_on;
use memory_core::{
    CollectionName, CollectionSpec, Cut, Database, Embedded, Embedder, Embedding, Error, ErrorKind, Fusion,
    HybridRequest, Leg, Memory, Metric, Namespace, Record, Result, Scope, TextForm,
};
use memory_embed::HashEmbedder;
use memory_reference::ReferenceBackend;

use crate::{Double, kind, message};

const TEA: &str = "Ada drinks her tea without milk.";
const TRAIN: &str = "The night train leaves at nine.";

fn spec() -> CollectionSpec {
    CollectionSpec::new(CollectionName::new("memories").unwrap())
}

fn bare(spec: &CollectionSpec) -> Memory {
    let database = Database::new(ReferenceBackend::new());
    block_on(database.create(spec, Scope::exact(Namespace::new(["ada"]).unwrap()))).unwrap()
}

fn with(double: Double) -> (Memory, Arc<Double>) {
    let double = Arc::new(double);
    let memory = bare(&spec().for_embedder(&*double).unwrap());
    (memory.with_embedder(Arc::<Double>::clone(&double)).unwrap(), double)
}

fn vector_of(text: &str) -> Embedding {
    block_on(HashEmbedder::default().embed(TextForm::Document, &[text])).unwrap().remove(0).embedding
}

fn stored(memory: &Memory, id: &str) -> Option<Embedding> {
    block_on(memory.get(id)).unwrap().unwrap().record.embedding
}

fn documents(texts: &[&str]) -> Vec<(TextForm, String)> {
    texts.iter().map(|text| (TextForm::Document, (*text).to_owned())).collect()
}

#[test]
fn a_collection_for_an_embedder_has_its_label_and_dimension_and_the_cosine() {
    let spec = spec().for_embedder(&HashEmbedder::default()).unwrap();
    assert_eq!(spec.to_string(), "memories (256 dimensions, cosine, english/1, embedder hash/1/english/1/256)");
}

#[test]
fn put_takes_a_text_alone() {
    let (memory, double) = with(Double::new());
    block_on(memory.put(Record::draft("tea").content(TEA))).unwrap();
    assert_eq!(stored(&memory, "tea"), Some(vector_of(TEA)));
    assert_eq!(double.asked(), documents(&[TEA]));
}

#[test]
fn a_vector_of_ones_own_is_kept_and_a_blank_text_has_none() {
    let (memory, double) = with(Double::new());
    let own = vector_of("something else");
    let drafts = [
        Record::draft("own").content(TEA).embedding(own.clone()),
        Record::draft("blank").content(" \n"),
        Record::draft("empty"),
    ];
    block_on(memory.put_all(drafts)).unwrap();
    assert_eq!(stored(&memory, "own"), Some(own));
    assert_eq!((stored(&memory, "blank"), stored(&memory, "empty")), (None, None));
    assert_eq!(double.asked(), []);
}

#[test]
fn put_all_asks_once_and_says_what_was_cut() {
    let cut = |mut made: Vec<Embedded>| {
        made[1].cut = Cut::Yes;
        made[2].cut = Cut::Unknown;
        Ok(made)
    };
    let (memory, double) = with(Double::spoilt(cut));
    let drafts = [("a", "one"), ("b", "two"), ("c", "three")].map(|(id, text)| Record::draft(id).content(text));
    let written = block_on(memory.put_all(drafts)).unwrap();
    let ids: Vec<&str> = written.cut.iter().map(|key| key.id.as_str()).collect();
    assert_eq!(ids, ["b", "c"]);
    assert_eq!(double.asked(), documents(&["one", "two", "three"]));
}

#[test]
fn what_cannot_be_put_is_said_before_the_embedder_is_asked() {
    let (memory, double) = with(Double::new());
    let wrong = [Record::draft("good").content(TEA), Record::draft("bad").embedding([1.0, 2.0])];
    assert_eq!(kind(&block_on(memory.put_all(wrong))), Some(ErrorKind::InvalidArgument));
    assert_eq!(double.asked(), []);
}

#[test]
fn a_new_text_gets_a_new_vector_and_other_changes_keep_the_old_one() {
    let (memory, double) = with(Double::new());
    block_on(memory.put(Record::draft("tea").content(TEA))).unwrap();
    double.asked();
    block_on(memory.update("tea", |_, draft| draft.tags(["drink"]))).unwrap();
    assert_eq!((double.asked(), stored(&memory, "tea")), (vec![], Some(vector_of(TEA))));
    block_on(memory.update("tea", |_, draft| draft.content(TRAIN))).unwrap();
    assert_eq!((double.asked(), stored(&memory, "tea")), (documents(&[TRAIN]), Some(vector_of(TRAIN))));
    let own = vector_of("own");
    block_on(memory.update("tea", |_, draft| draft.content(TEA).embedding(own.clone()))).unwrap();
    assert_eq!((double.asked(), stored(&memory, "tea")), (vec![], Some(own)));
    block_on(memory.update("tea", |_, draft| draft.content(" "))).unwrap();
    assert_eq!((double.asked(), stored(&memory, "tea")), (vec![], None));
}

fn two(double: Double) -> (Memory, Arc<Double>) {
    let (memory, double) = with(double);
    let drafts = [("tea", TEA), ("train", TRAIN)].map(|(id, text)| Record::draft(id).content(text));
    block_on(memory.put_all(drafts)).unwrap();
    double.asked();
    (memory, double)
}

#[test]
fn hybrid_by_text_alone_is_hybrid_with_the_texts_vector() {
    let (memory, double) = two(Double::new());
    for fusion in [Fusion::Scores, Fusion::Ranks] {
        let question = "when does the train leave?";
        let text = HybridRequest::of(Some(question.to_owned()), None).with_fusion(fusion);
        let by_text = block_on(memory.hybrid(&text)).unwrap();
        assert_eq!(double.asked(), [(TextForm::Query, question.to_owned())]);
        let both = HybridRequest::new(question, vector_of(question)).with_fusion(fusion);
        assert_eq!(by_text, block_on(memory.hybrid(&both)).unwrap());
        assert_eq!(double.asked(), []);
        assert_eq!((by_text.text, by_text.vector), (Leg::Ran, Leg::Ran));
        assert_eq!(by_text.hits[0].key.id.as_str(), "train");
    }
}

#[test]
fn nothing_is_embedded_where_no_vector_is_used() {
    let (memory, double) = two(Double::new());
    let text_only = HybridRequest::of(Some("train".to_owned()), None).with_weight(1.0);
    assert_eq!(block_on(memory.hybrid(&text_only)).unwrap().vector, Leg::NotAsked);
    let blank = HybridRequest::of(Some("  ".to_owned()), None);
    assert_eq!(block_on(memory.hybrid(&blank)).unwrap().vector, Leg::NoEmbedding);
    let plain = bare(&spec());
    let none = HybridRequest::of(Some("train".to_owned()), None);
    assert_eq!(block_on(plain.hybrid(&none)).unwrap().vector, Leg::NoEmbedding);
    block_on(memory.search_text("train", 5)).unwrap();
    assert_eq!(double.asked(), []);
}

#[test]
fn search_similar_is_the_search_by_the_texts_vector() {
    let (memory, double) = two(Double::new());
    let by_text = block_on(memory.search_similar("tea without milk", 2)).unwrap();
    assert_eq!(double.asked(), [(TextForm::Query, "tea without milk".to_owned())]);
    assert_eq!(by_text, block_on(memory.search_vector(vector_of("tea without milk"), 2)).unwrap());
    assert_eq!(by_text.hits[0].key.id.as_str(), "tea");
    let without = block_on(bare(&spec()).search_similar("tea", 2));
    assert!(message(without).contains("the handle has no embedder"));
    assert_eq!(kind(&block_on(memory.search_similar(" ", 2))), Some(ErrorKind::InvalidArgument));
}

fn refused(spec: &CollectionSpec) -> Error {
    bare(spec).with_embedder(Arc::new(HashEmbedder::default())).err().unwrap()
}

#[test]
fn another_embedder_is_a_conflict_that_names_both_and_the_way_on() {
    let other = refused(&spec().for_embedder(&Double::new()).unwrap());
    assert_eq!(other.kind(), ErrorKind::Conflict);
    assert_eq!(
        other.message(),
        "collection memories has the vectors of the embedder double/1, so it takes none of hash/1/english/1/256: use the \
         embedder that it has, or none, or copy it into a new collection, as `memoryctl embed --collection memories --to \
         NAME` does"
    );
    let text_only = refused(&spec());
    assert_eq!(text_only.kind(), ErrorKind::Conflict);
    assert!(
        text_only.message().starts_with("collection memories is text only, so it takes none of hash/1/english/1/256")
    );
    let unlabelled = refused(&spec().with_vectors(256, Metric::Cosine).unwrap());
    assert_eq!(unlabelled.kind(), ErrorKind::Conflict);
    assert!(unlabelled.message().contains("has vectors of no embedder that it knows"));
}

#[test]
fn a_narrowed_handle_keeps_the_embedder() {
    let (memory, double) = two(Double::new());
    let narrow = memory.narrow(Scope::exact(Namespace::new(["ada"]).unwrap())).unwrap();
    assert_eq!(narrow.embedder().unwrap().identity(), "double/1");
    block_on(narrow.put(Record::draft("more").content("more"))).unwrap();
    assert_eq!(double.asked(), documents(&["more"]));
}

#[test]
fn an_embedder_that_lies_is_found_out_and_nothing_is_put() {
    let few: fn(Vec<Embedded>) -> Result<Vec<Embedded>> = |_| Ok(Vec::new());
    let short = |made: Vec<Embedded>| {
        let embedding = Embedding::new([1.0_f32, 0.0].to_vec())?;
        Ok(made.into_iter().map(|made| Embedded { embedding: embedding.clone(), ..made }).collect())
    };
    for lie in [few, short] {
        let (memory, _) = with(Double::spoilt(lie).named("liar"));
        let put = block_on(memory.put(Record::draft("tea").content(TEA)));
        assert_eq!(kind(&put), Some(ErrorKind::Corrupt));
        assert!(message(put).contains("liar"));
        assert!(block_on(memory.get("tea")).unwrap().is_none());
        assert_eq!(kind(&block_on(memory.search_similar("tea", 1))), Some(ErrorKind::Corrupt));
    }
}
