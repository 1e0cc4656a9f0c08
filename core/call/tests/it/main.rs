//! The rules of a call, told as short stories, and random lives of a call.

#[cfg(test)]
mod random;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod story;
