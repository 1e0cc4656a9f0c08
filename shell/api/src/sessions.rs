//! Sessions: an SDK signs a user in on a device, and out.

pub(crate) mod cors;
pub(crate) mod create;
pub(crate) mod delete;
