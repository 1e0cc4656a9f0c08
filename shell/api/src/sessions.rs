//! Sessions: an SDK signs a user in on a device, reads that user's log of calls, and signs out.

pub(crate) mod cors;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod direct_calls;
