//! Writing (SPEC 4).

pub(crate) mod atomic;
pub(crate) mod batch;
pub(crate) mod cancel;
pub(crate) mod conditions;
pub(crate) mod delete;
pub(crate) mod delete_where;
pub(crate) mod update;
pub(crate) mod upsert;
pub(crate) mod versions;
pub(crate) mod visible;

use memory_core::Switch;

use crate::Needs;

/// For cases about versions and conditions.
pub(crate) const CONDITIONAL: Needs = Needs::Switch(Switch::ConditionalWrites);
/// For cases about backends without them.
pub(crate) const UNCONDITIONAL: Needs = Needs::NoSwitch(Switch::ConditionalWrites);
