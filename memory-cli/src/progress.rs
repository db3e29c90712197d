//! Progress on a terminal; nothing elsewhere.

use std::future::Future;
use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

/// Bytes read, with rate and time left where the length is known.
pub(crate) fn bytes(length: Option<u64>, what: &'static str) -> ProgressBar {
    let template = match length {
        Some(_) => "{msg} [{bar:40}] {bytes}/{total_bytes} {bytes_per_sec}, {eta} left",
        None => "{msg} {bytes} {bytes_per_sec} {elapsed}",
    };
    styled(length, what, template)
}

/// Records done, with rate and time left.
pub(crate) fn records(count: u64, what: &'static str) -> ProgressBar {
    styled(Some(count), what, "{msg} [{bar:40}] {pos}/{len} {per_sec}, {eta} left")
}

/// Runs what may say something on standard error, with the bar out of the way.
pub(crate) async fn beside<T>(bar: &ProgressBar, step: impl Future<Output = T>) -> T {
    let shown = !bar.is_hidden();
    bar.set_draw_target(ProgressDrawTarget::hidden());
    let done = step.await;
    if shown {
        bar.set_draw_target(ProgressDrawTarget::stderr());
    }
    done
}

fn styled(length: Option<u64>, what: &'static str, template: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = match length {
        Some(length) => ProgressBar::new(length),
        None => ProgressBar::no_length(),
    };
    let bar = bar.with_finish(ProgressFinish::AndClear);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style).with_message(what),
        Err(_) => bar,
    }
}
