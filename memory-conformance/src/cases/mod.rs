//! The cases, a file or folder for each chapter of SPEC.md.

mod ca;
mod cd;
mod co;
mod configuration;
mod er;
mod fi;
mod hits;
mod hy;
mod id;
pub(crate) mod li;
mod mo;
mod network;
mod re;
mod sc;
mod state;
mod tt;
mod tx;
mod ve;
mod wr;

use crate::case::Case;

/// Every case of the suite, by rule.
pub fn all() -> impl Iterator<Item = Case> {
    [
        ve::score::CASES,
        ve::cut::CASES,
        ve::matches::CASES,
        ve::exactness::CASES,
        ve::request::CASES,
        ve::threshold::CASES,
        tx::words::CASES,
        tx::matching::CASES,
        tx::data::CASES,
        tx::ranking::CASES,
        tx::order::CASES,
        tx::request::CASES,
        hy::fusion::CASES,
        hy::request::CASES,
        hy::response::CASES,
        hy::mmr::CASES,
        id::CASES,
        co::spec::CASES,
        co::many::CASES,
        co::drop::CASES,
        co::hints::CASES,
        tt::CASES,
        er::CASES,
        network::away::CASES,
        network::cut::CASES,
        network::doubt::CASES,
        configuration::CASES,
        ca::CASES,
        cd::together::CASES,
        cd::crash::CASES,
        re::fields::CASES,
        re::metadata::CASES,
        re::times::CASES,
        re::vectors::CASES,
        re::refusals::CASES,
        re::sizes::CASES,
        re::limits::CASES,
        re::reading::CASES,
        wr::upsert::CASES,
        wr::visible::CASES,
        wr::batch::CASES,
        wr::atomic::CASES,
        wr::conditions::CASES,
        wr::versions::CASES,
        wr::delete::CASES,
        wr::delete_where::CASES,
        wr::cancel::CASES,
        wr::update::CASES,
        mo::canonical::CASES,
        mo::form::CASES,
        fi::absence::CASES,
        fi::bounds::CASES,
        fi::fields::CASES,
        fi::form::CASES,
        fi::leaves::CASES,
        fi::lists::CASES,
        fi::logic::CASES,
        fi::numbers::CASES,
        fi::order::CASES,
        fi::strings::CASES,
        fi::values::CASES,
        sc::bound::CASES,
        sc::isolation::CASES,
        sc::namespaces::CASES,
        sc::parts::CASES,
        li::changes::CASES,
        li::counts::CASES,
        li::cursors::CASES,
        li::get::CASES,
        li::orders::CASES,
        li::pages::CASES,
        crate::traces::CASES,
    ]
    .into_iter()
    .flatten()
    .copied()
}
