//! The rules of a call, told as short stories, and random lives of a call.

mod random;
mod rules;
mod story;
