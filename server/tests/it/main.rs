//! The real binary on a folder of its own: first start, pages, subcommands, and the stop.

mod commands;
mod house;
mod start;
mod stop;
